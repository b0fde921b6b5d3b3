# SPDX-License-Identifier: Apache-2.0
# world.sh OUT COMMAND...: the private world of tools/bench, entered in fresh namespaces. Unlike tools/world it leaves
# /usr as it is, so that loading a library costs what it costs, and keeps the data on the tree's own disk, so that a
# sync is a sync; /var/lib is a memory file system in which OUT/data stands as /var/lib/bench, below root's directories.
# shellcheck shell=bash
set -eu -o pipefail
out=$1
shift

private_dev() {
  local node
  mkdir /run/dev
  mount -t tmpfs -o mode=0755 bench /run/dev
  mkdir /run/dev/shm
  for node in null zero full random urandom tty; do
    touch "/run/dev/$node"
    mount --bind "/dev/$node" "/run/dev/$node"
  done
}

# Name services answer from files alone; the people of the data sets are added to passwd by datasets.py.
private_etc() {
  mkdir /run/upper /run/work
  mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work bench /etc
  printf 'passwd: files\ngroup: files\ninitgroups: files\nshadow: files\nhosts: files\n' > /etc/nsswitch.conf
  sed -i '/^utmfa:/d' /etc/passwd /etc/group
  printf 'utmfa:x:990:990::/nonexistent:/usr/sbin/nologin\n' >> /etc/passwd
  printf 'utmfa:x:990:\n' >> /etc/group
  rm -f /etc/ld.so.preload
}

mount -t tmpfs -o mode=0755 bench /run
mkdir /run/data
mount --bind "$out/data" /run/data
private_dev
private_etc
mount -t tmpfs -o mode=0755 bench /var/lib
mkdir /var/lib/bench
mount --move /run/data /var/lib/bench
mount --move /run/dev /dev
mount -t tmpfs -o mode=0755 bench /run
# The kernel's default holds 10 messages; a full queue would make every sign-in wait for the log.
echo 512 > /proc/sys/net/unix/max_dgram_qlen
mkdir -p /run/systemd/journal
coproc sink { exec "$out/bin/sink" /run/bench.log /dev/log /run/systemd/journal/socket; }
read -r _ <&"${sink[0]}"   # it listens
"$@"
