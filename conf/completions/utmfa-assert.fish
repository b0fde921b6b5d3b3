# SPDX-License-Identifier: Apache-2.0
# fish completion of utmfa-assert.
complete -c utmfa-assert -f
complete -c utmfa-assert -l register -d 'make a key to be registered there'
complete -c utmfa-assert -l type -x -a 'es256 eddsa rs256' -d 'signature algorithm of a new key'
complete -c utmfa-assert -l rp -x -d 'relying party of a new key'
complete -c utmfa-assert -l fido2 -d 'only print what fido2-assert wants'
complete -c utmfa-assert -l wait -x -d 'seconds to wait for a touch'
complete -c utmfa-assert -l language -x -a 'en ja' -d 'language of the texts'
complete -c utmfa-assert -l locale-dir -r -a '(__fish_complete_directories)' -d 'directory of the message catalogues'
complete -c utmfa-assert -s h -l help -d 'print help and end'
complete -c utmfa-assert -l version -d 'print the version and end'
