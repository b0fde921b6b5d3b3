#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install_once.sh FILE DIRECTORY: called by meson install. A file that an administrator may have changed is never
# written over: what is there stays.
set -eu
target=${DESTDIR:-}$2/$(basename "$1")
if [ -e "$target" ]; then
  echo "Keeping $target"
else
  install -D -m 0644 "$1" "$target"
fi
