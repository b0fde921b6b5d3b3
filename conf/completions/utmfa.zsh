#compdef utmfa-enroll utmfa-admin utmfa-assert
# SPDX-License-Identifier: Apache-2.0
# zsh completion of utmfa-enroll, utmfa-admin and utmfa-assert.

local -a common
common=(
  '(- *)'{-h,--help}'[print help and end]' '(- *)--version[print the version and end]' '--json[print JSON]'
  '--language=[language of the texts]:language:(en ja)' '--config=[configuration file]:file:_files'
  '--data-dir=[directory of the registrations]:directory:_directories'
  '--keys-dir=[directory of the sealing keys]:directory:_directories'
  "--run-dir=[directory of the verifier's sockets]:directory:_directories"
  '--pam-dir=[directory of PAM services]:directory:_directories'
  '--locale-dir=[directory of the message catalogues]:directory:_directories')

_utmfa_enroll_verb() {
  local -a code
  code=('--label=[name for it]:label:' '--digits=[digits of a code]:digits:(6 7 8)'
    '--period=[seconds that a code is shown]:seconds:(30 60)' '--algorithm=[algorithm]:algorithm:(sha1 sha256 sha512)')
  case $words[1] in
    add) case $words[2] in
        totp) _arguments $code $common ;;
        token) _arguments '--secret-file=[file with the secret]:file:_files' '(--totp)--hotp[codes by a counter]' \
          '(--hotp)--totp[codes by the time]' '--serial=[serial number]:serial:' '--counter=[next counter]:counter:' \
          $code $common ;;
        phone) _arguments '3:number:' '--slot=[which phone]:slot:(mobile alternate office)' \
          '--extension=[of an office phone]:extension:' '--prefer=[offered first]:channel:(sms voice)' \
          '--label=[name for it]:label:' $common ;;
        fido) _arguments '--label=[name for it]:label:' '--ssh-key=[public key file]:file:_files' '--line=[of utmfa-assert --register]:line:' $common ;;
        push) _arguments '3:device:' '--label=[name for it]:label:' $common ;;
        recovery) _arguments '--label=[name for it]:label:' $common ;;
        *) _values 'kind' totp token recovery phone push fido ;;
      esac ;;
    confirm) _arguments '1:verb:' '2:method:' '3:code or -:(-)' $common ;;
    change-number) _arguments '1:verb:' '2:method:' '3:number:' $common ;;
    remove) _arguments '1:verb:' '2:method:' '--yes[do not ask]' $common ;;
    *) _arguments '*:method:' $common ;;
  esac
}

_utmfa_admin_verb() {
  local -a person list
  person=('1:verb:' '2:person:_users')
  list=('--stdin[everybody named on standard input]')
  case $words[1] in
    setup) _arguments '1:verb:' '--create-user[make the system user utmfa]' $common ;;
    doctor) _arguments '1:verb:' '--root=[look below this directory]:directory:_directories' \
      '--sshd-settings=[output of sshd -T]:file:_files' $common ;;
    check) _arguments '1:verb:' '2:configuration file:_files' $common ;;
    log) _arguments '1:verb:' '--user=[only this person]:person:_users' '--lines=[at most so many]:number:' \
      '--file=[read this file]:file:_files' $common ;;
    explain) _arguments $person '3:service:(${(f)"$(ls /etc/pam.d)"})' '--from=[address]:address:' \
      '--tty=[terminal]:terminal:' '--unlock[of a locked screen instead (services gdm-*)]' $common ;;
    show) _arguments $person $common ;;
    unlock) _arguments $person $list '--reason=[why]:reason:' '--yes[do not ask]' $common ;;
    pass) _arguments $person $list '--valid=[how long]:time:(10m 1h 12h 1d 7d 30d)' '--many[for every sign-in]' \
      '--reason=[why]:reason:' '--yes[do not ask]' $common ;;
    restore) _arguments $person '(--kept)--list[only list the copies]' '--kept=[which copy]:copy:' '--reason=[why]:reason:' \
      '--yes[do not ask]' $common ;;
    import) _arguments '1:verb:' '*:file:_files' '--format=[format of the file]:format:(csv json)' \
      '--from=[another program]:program:(google-authenticator oath u2f)' '--path=[where its files are]:path:' '--origin=[what the keys of u2f were made for]:origin:' \
      '--sealed[a parcel of export]' '--passphrase-file=[passphrase of the parcel]:file:_files' \
      '--names-as-written[do not ask the name services]' '(--dry-run)--apply[do it]' '--dry-run[only say what would be done]' \
      '--rejected=[file for what is refused]:file:_files' '--reason=[why]:reason:' $common ;;
    export) _arguments '1:verb:' '*:person:_users' '--to=[file to be made]:file:_files' \
      '--passphrase-file=[passphrase of the parcel]:file:_files' '--reason=[why]:reason:' $common ;;
    report) _arguments '1:verb:' '--unused=[not used for so long]:time:(30d 90d 180d 365d)' '(--csv)--people[a line for each]' \
      '--csv[a line for each, as CSV]' $list $common ;;
    reset|terminate) _arguments $person $list '--reason=[why]:reason:' '--yes[do not ask]' $common ;;
    contact) _arguments $person '3:address:' '(--remove)--unproven-by-desk[the desk answers for it]' '--remove[have none]' \
      '--reason=[why]:reason:' $common ;;
    gateway) case $words[2] in
        test) _arguments '1:verb:' '2:verb:' '3:kind:(mail sms voice push)' '4:receiver:' $common ;;
        *) _values 'verb' test ;;
      esac ;;
    token) case $words[2] in
        import) _arguments '1:verb:' '2:verb:' '3:file:_files' '--password-file=[password or key of the file]:file:_files' \
          '--format=[format of the file]:format:(pskc csv entra)' '--kind=[what the file does not say]:kind:(totp hotp)' \
          '--digits=[digits of a code]:digits:(6 7 8)' '--period=[seconds that a code is shown]:seconds:(30 60)' \
          '--algorithm=[algorithm]:algorithm:(sha1 sha256 sha512)' '--dry-run[only say what would be done]' \
          '--reason=[why]:reason:' $common ;;
        lend) _arguments '1:verb:' '2:verb:' '3:serial number:' '4:person:_users' '--until=[last day]:date:' \
          '--code=[that the token shows now]:code:' '--reason=[why]:reason:' $common ;;
        return|retire) _arguments '1:verb:' '2:verb:' '3:serial number:' '--reason=[why]:reason:' \
          '--force[also below the minimum]' '--yes[do not ask]' $common ;;
        list) _arguments '1:verb:' '2:verb:' '--overdue[should be back]' '--free[can be lent]' '--lent[somebody has it]' \
          $common ;;
        show) _arguments '1:verb:' '2:verb:' '3:serial number:' $common ;;
        resync) _arguments '1:verb:' '2:verb:' '3:serial number:' '4:code:' '5:next code:' '--reason=[why]:reason:' $common ;;
        *) _values 'verb' import lend return list show retire resync ;;
      esac ;;
    state) case $words[2] in
        show) _arguments '1:verb:' '2:verb:' '3:person:_users' $common ;;
        rebuild) _arguments '1:verb:' '2:verb:' '3:person:_users' '--reason=[why]:reason:' '--yes[do not ask]' $common ;;
        *) _values 'verb' show rebuild ;;
      esac ;;
    keys) _values 'verb' list new activate reseal ;;
    status) _arguments '1:verb:' '--prometheus=[numbers for monitoring]:file:_files' $common ;;
    migrate) _arguments '1:verb:' '--dry-run[only say what would be done]' '--undo[put back what the last one changed]' $common ;;
    after-restore) _arguments '1:verb:' '--reason=[why]:reason:' '--everybody[also where nothing is noticed]' \
      '--dry-run[only show it]' '--yes[do not ask]' $common ;;
    service) case $words[2] in
        enable) _arguments '1:verb:' '2:verb:' '3:service:_files -W /etc/pam.d' '--first=[what comes before the code]:first:(password key)' \
          '--observe[try it out]' '--until=[last day of the trial]:date:' '--confirm-within=[taken back after this time]:time:' \
          '--dry-run[only show it]' '--yes[do not ask]' $common ;;
        disable) _arguments '1:verb:' '2:verb:' '3:service:_files -W /etc/pam.d' '--dry-run[only show it]' '--yes[do not ask]' $common ;;
        revert) _arguments '1:verb:' '2:verb:' '3:service:_files -W /etc/pam.d' '--due[only what waited long enough]' $common ;;
        confirm|status) _arguments '1:verb:' '2:verb:' '3:service:_files -W /etc/pam.d' $common ;;
        *) _values 'verb' enable disable confirm revert status ;;
      esac ;;
    *) _arguments '1:verb:' $common ;;
  esac
}

if [[ $service == utmfa-assert ]]; then
  _arguments '(- *)'{-h,--help}'[print help and end]' '(- *)--version[print the version and end]' \
    '(--fido2)--register[make a key to be registered there]' '--type=[signature algorithm]:type:(es256 eddsa rs256)' \
    '--rp=[relying party of a new key]:name:' '(--register)--fido2[only print what fido2-assert wants]' \
    '--wait=[seconds to wait for a touch]:seconds:' '--language=[language of the texts]:language:(en ja)' \
    '--locale-dir=[directory of the message catalogues]:directory:_directories' '*:challenge:'
elif [[ $service == utmfa-enroll ]]; then
  _arguments -C '--user=[whom to register]:person:_users' $common \
    '--no-qr[draw no QR code]' '1:verb:(add confirm test apply list default order rename change-number remove)' '*::word:_utmfa_enroll_verb'
else
  _arguments -C $common '1:verb:(status setup doctor check log explain list show unlock pass reset terminate restore import export report token contact gateway state keys service after-restore migrate)' \
    '*::word:_utmfa_admin_verb'
fi
