# SPDX-License-Identifier: Apache-2.0
# What the commands of tools/ share: words on the terminal, packages, the build. Sourced by quickstart, test and world
# with `top` set to the top of the tree. Nothing here changes the machine but install_packages.
# shellcheck shell=bash disable=SC2154

step() { printf '\n== %s\n' "$*"; }
say() { printf '   %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

need_root() {
  [ "$(id -u)" -eq 0 ] || die "must be started by root, to enter a private world: sudo ${0}"
}

# need_world: whether namespaces and overlays are to be had here; the reason in $world_missing when not.
# shellcheck disable=SC2034
need_world() {
  world_missing=
  unshare -m -n -p -i -u -f --mount-proc true 2>/dev/null && return 0
  world_missing='this machine does not let root make namespaces (in a container: start it with --privileged)'
  return 1
}

# packages WHEN...: their names.
packages() {
  local when
  for when in "$@"; do awk -v when="$when" '$1 !~ /^#/ && $2 == when { print $1 }' "$top/tools/packages"; done
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]; }

# progress NAME...: the names as apt sets them up, and what it complains of.
progress() {
  awk -v names=" $* " '/^Setting up / { sub(/:.*/, "", $3); if (index(names, " " $3 " ")) print "   installed " $3 }
    /^(E|W|Err):/ { print "   " $0 } { fflush() }'
}

# install_packages WHEN...: only what is missing; no network where nothing is.
install_packages() {
  local name missing=()
  command -v apt-get >/dev/null || die "needs Debian 12 (no apt-get here); what to install is in tools/packages"
  for name in $(packages "$@"); do installed "$name" || missing+=("$name"); done
  if [ ${#missing[@]} -eq 0 ]; then say "all packages are there"; else
    say "${#missing[@]} missing: ${missing[*]}"
    apt_update
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
      -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "${missing[@]}" 2>&1 | progress "${missing[@]}"
    for name in "${missing[@]}"; do installed "$name" || die "apt-get could not install $name"; done
  fi
  fetch_world
}

apt_update() {
  [ -z "${apt_updated:-}" ] || return 0
  say "apt-get update"
  apt-get update -q -o APT::Update::Error-Mode=any >/dev/null || die "apt-get update failed: is there a network?"
  apt_updated=yes
}

# The packages of the world that the machine does not have, as files in build/debs.
fetch_world() {
  local name
  mkdir -p "$top/build/debs"
  chown -R --reference="$top" "$top/build/debs"
  for name in $(packages world); do
    installed "$name" || compgen -G "$top/build/debs/${name}_*.deb" >/dev/null || {
      apt_update
      say "fetching $name for the world (not installed on this machine)"
      (cd "$top/build/debs" && apt-get download -q -o APT::Sandbox::User=root "$name" >/dev/null) ||
        die "could not fetch $name"
    }
  done
}

# give_back: what root has built belongs to whom the sources belong to; not the tree of the desktop, which is used again and
# whose owners and set-user-ID bits are its own.
give_back() {
  find "$top/build" -path "$top/build/desktop/root" -prune -o -exec chown -h --reference="$top" {} +
}

# fetch_for WHEN: the packages of one suite and what this machine does not have of theirs, as files in build/debs/WHEN.
fetch_for() {
  local dir=$top/build/debs/$1
  mkdir -p "$dir/partial"
  # shellcheck disable=SC2046
  set -- $(packages "$1")
  while [ $# -gt 0 ] && { installed "$1" || compgen -G "$dir/$1_*.deb" >/dev/null; }; do shift; done
  [ $# -gt 0 ] || return 0
  apt_update
  say "fetching for the world (not installed on this machine): $*"
  apt-get install -d -y -q --no-install-recommends -o APT::Sandbox::User=root -o Dir::Cache::Archives="$dir" \
    -o DPkg::Lock::Timeout=300 "$@" >/dev/null || die "could not fetch $*"
  chown -R --reference="$top" "$dir"
}

# steps_done: how far ninja is, from its output: one line that is written over on a terminal, else a line each tenth.
steps_done() {
  local line percent tenth=0 from=$SECONDS
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
    percent=$((100 * BASH_REMATCH[1] / BASH_REMATCH[2]))
    if [ -t 1 ]; then printf '\r   built %s of %s files (%s %%), %s s ' "${BASH_REMATCH[@]:1:2}" "$percent" $((SECONDS - from)); fi
    if [ ! -t 1 ] && [ $((percent / 10)) -gt "$tenth" ]; then
      tenth=$((percent / 10))
      say "built ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]} files ($percent %), $((SECONDS - from)) s"
    fi
  done
  if [ -t 1 ]; then printf '\n'; fi
}

# configure DIR [MESON OPTION...]: a build directory with the paths of the distribution; brought to that when it is there.
configure() {
  local dir=$1 paths
  # libdir by the compiler: Meson knows Debian's only where dpkg-dev is installed.
  paths=(--prefix=/usr --sysconfdir=/etc --localstatedir=/var --libexecdir=libexec --libdir="lib/$(gcc -print-multiarch)")
  shift
  if [ -f "$dir/build.ninja" ]; then meson configure "$dir" "${paths[@]}" "$@"; else
    PATH="/usr/lib/ccache:$PATH" meson setup "$dir" "$top" "${paths[@]}" "$@"
  fi
}
