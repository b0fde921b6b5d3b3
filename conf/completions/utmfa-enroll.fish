# SPDX-License-Identifier: Apache-2.0
# fish completion of utmfa-enroll.
set -l verbs add confirm test apply list default order rename change-number remove
set -l kinds totp token recovery phone push fido
complete -c utmfa-enroll -f
complete -c utmfa-enroll -n "not __fish_seen_subcommand_from $verbs" -a "$verbs"
complete -c utmfa-enroll -n "__fish_seen_subcommand_from add; and not __fish_seen_subcommand_from $kinds" -a "$kinds"
complete -c utmfa-enroll -l user -x -a '(__fish_complete_users)' -d 'whom to register'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from fido' -l ssh-key -r -d 'public key file'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from fido' -l line -x -d 'of utmfa-assert --register'
complete -c utmfa-enroll -n "__fish_seen_subcommand_from $kinds" -l label -x -d 'name for it'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from totp token' -l digits -x -a '6 7 8' -d 'digits of a code'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from totp token' -l period -x -a '30 60' -d 'seconds that a code is shown'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from totp token' -l algorithm -x -a 'sha1 sha256 sha512' -d 'algorithm'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from token' -l secret-file -r -F -d 'file with the secret'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from token' -l hotp -d 'codes by a counter'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from token' -l totp -d 'codes by the time'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from token' -l serial -x -d 'serial number'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from token' -l counter -x -d 'counter of its next code'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from phone' -l slot -x -a 'mobile alternate office' -d 'which phone it is'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from phone' -l extension -x -d 'of an office phone'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from phone' -l prefer -x -a 'sms voice' -d 'what is offered first'
complete -c utmfa-enroll -n '__fish_seen_subcommand_from remove' -l yes -d 'do not ask'
complete -c utmfa-enroll -s h -l help -d 'print help and end'
complete -c utmfa-enroll -l version -d 'print the version and end'
complete -c utmfa-enroll -l no-qr -d 'draw no QR code'
complete -c utmfa-enroll -l json -d 'print JSON'
complete -c utmfa-enroll -l language -x -a 'en ja' -d 'language of the texts'
complete -c utmfa-enroll -l config -r -F -d 'configuration file'
complete -c utmfa-enroll -l data-dir -x -a '(__fish_complete_directories)' -d 'directory of the registrations'
complete -c utmfa-enroll -l keys-dir -x -a '(__fish_complete_directories)' -d 'directory of the sealing keys'
complete -c utmfa-enroll -l run-dir -x -a '(__fish_complete_directories)' -d 'directory of the sockets'
complete -c utmfa-enroll -l pam-dir -x -a '(__fish_complete_directories)' -d 'directory of PAM services'
complete -c utmfa-enroll -l locale-dir -x -a '(__fish_complete_directories)' -d 'directory of the message catalogues'
