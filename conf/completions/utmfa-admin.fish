# SPDX-License-Identifier: Apache-2.0
# fish completion of utmfa-admin.
set -l verbs status setup doctor check log explain list show unlock pass reset terminate state keys
complete -c utmfa-admin -f
complete -c utmfa-admin -n "not __fish_seen_subcommand_from $verbs" -a "$verbs"
complete -c utmfa-admin -n '__fish_seen_subcommand_from state; and not __fish_seen_subcommand_from rebuild' -a 'show rebuild'
complete -c utmfa-admin -n '__fish_seen_subcommand_from keys' -a 'list new activate reseal'
complete -c utmfa-admin -n '__fish_seen_subcommand_from show unlock pass reset terminate explain rebuild' -a '(__fish_complete_users)'
complete -c utmfa-admin -n '__fish_seen_subcommand_from check' -F
complete -c utmfa-admin -n '__fish_seen_subcommand_from setup' -l create-user -d 'make the system user utmfa'
complete -c utmfa-admin -n '__fish_seen_subcommand_from doctor' -l root -x -a '(__fish_complete_directories)' -d 'look below this directory'
complete -c utmfa-admin -n '__fish_seen_subcommand_from doctor' -l sshd-settings -r -F -d 'output of sshd -T'
complete -c utmfa-admin -n '__fish_seen_subcommand_from log' -l user -x -a '(__fish_complete_users)' -d 'only this person'
complete -c utmfa-admin -n '__fish_seen_subcommand_from log' -l lines -x -d 'at most so many'
complete -c utmfa-admin -n '__fish_seen_subcommand_from log' -l file -r -F -d 'read this file'
complete -c utmfa-admin -n '__fish_seen_subcommand_from explain' -l from -x -d 'address it comes from'
complete -c utmfa-admin -n '__fish_seen_subcommand_from explain' -l tty -x -d 'terminal'
complete -c utmfa-admin -n '__fish_seen_subcommand_from unlock pass reset terminate rebuild' -l reason -x -d 'why'
complete -c utmfa-admin -n '__fish_seen_subcommand_from pass' -l valid -x -a '10m 1h 12h 1d 7d 30d' -d 'how long'
complete -c utmfa-admin -n '__fish_seen_subcommand_from pass' -l many -d 'for every sign-in until then'
complete -c utmfa-admin -n '__fish_seen_subcommand_from reset terminate rebuild' -l yes -d 'do not ask'
complete -c utmfa-admin -s h -l help -d 'print help and end'
complete -c utmfa-admin -l version -d 'print the version and end'
complete -c utmfa-admin -l json -d 'print JSON'
complete -c utmfa-admin -l language -x -a 'en ja' -d 'language of the texts'
complete -c utmfa-admin -l config -r -F -d 'configuration file'
complete -c utmfa-admin -l data-dir -x -a '(__fish_complete_directories)' -d 'directory of the registrations'
complete -c utmfa-admin -l keys-dir -x -a '(__fish_complete_directories)' -d 'directory of the sealing keys'
complete -c utmfa-admin -l run-dir -x -a '(__fish_complete_directories)' -d 'directory of the sockets'
complete -c utmfa-admin -l pam-dir -x -a '(__fish_complete_directories)' -d 'directory of PAM services'
complete -c utmfa-admin -l locale-dir -x -a '(__fish_complete_directories)' -d 'directory of the message catalogues'
