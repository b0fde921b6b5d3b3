# SPDX-License-Identifier: Apache-2.0
"""Every file that is installed is in one package of debian/ and in one of rpm/utmfa.spec, in no second one, and both name
nothing else. Where the version stands it is the same."""

import fnmatch
import json
import os
import re

import house

why = '''a file that no package takes is missing on the machines of those who install packages, and nobody notices here; one
that two take cannot be installed.
Name it in debian/PACKAGE.install and in the %files of its package in rpm/utmfa.spec. A release has one version.'''

# Written by scripts of meson, which does not list them; and one source under several names, of which it lists the last.
by_script = ['/etc/utmfa/utmfa.yaml', '/etc/pam.d/utmfa-test',
             *(f'/usr/share/bash-completion/completions/utmfa-{name}' for name in ('enroll', 'admin', 'assert'))]
macros = {'_bindir': '/usr/bin', '_sbindir': '/usr/sbin', '_libexecdir': '/usr/libexec', '_datadir': '/usr/share',
          '_mandir': '/usr/share/man', '_unitdir': '/usr/lib/systemd/system', '_sysusersdir': '/usr/lib/sysusers.d',
          '_tmpfilesdir': '/usr/lib/tmpfiles.d', '_sysconfdir': '/etc', '_udevrulesdir': '/usr/lib/udev/rules.d'}


def installed(tree):
    listed = os.path.join(tree.build, 'meson-info', 'intro-installed.json')
    if tree.exists('intro-installed.json'):
        listed = tree.path('intro-installed.json')
    with open(listed, encoding='utf-8') as file:
        return sorted({normal(path) for path in json.load(file).values()} | set(by_script))


def normal(path):
    """Debian 12 has units, rules and modules of PAM below /lib; here everything is below /usr, and zsh looks in one place."""
    path = re.sub(r'^/lib/', '/usr/lib/', path).replace('/zsh/vendor-completions/', '/zsh/site-functions/')
    return re.sub(r'^/usr/lib/([^/]+/)?security/', '/usr/lib/security/', path)


def of_debian(tree):
    """(package, file, line, pattern) of what dh_install takes out of the installed tree."""
    for name in tree.names('.install', below='debian'):
        for number, line in tree.lines(name):
            word = line.split()[0] if line.split() else '#'
            if not word.startswith(('#', 'debian/')):
                yield os.path.basename(name).removesuffix('.install'), name, number, normal('/' + word)


def of_rpm(tree):
    inside, package = False, ''
    for number, line in tree.lines('rpm/utmfa.spec'):
        if line.startswith('%'):
            inside = line.startswith('%files') or (inside and not re.match(r'%(changelog|post|pre|package|description)', line))
            package = line if line.startswith('%files') else package
        found = re.match(r'(?:%(?:config|attr|dir|ghost)(?:\([^)]*\))? )*(%\{_\w+\}\S*|/\S+)$', line.strip())
        if inside and found and not line.startswith(('%dir', '%ghost', '%license', '%doc')):
            yield package, 'rpm/utmfa.spec', number, expanded(found[1])


def by_spec(tree):
    """What the spec itself puts beside what meson installs."""
    return [expanded(found) for _, line in tree.lines('rpm/utmfa.spec')
            for found in re.findall(r'^install -D .*%\{buildroot\}(\S+)$', line)]


def expanded(path):
    path = re.sub(r'%\{_pam_moduledir\}', '/usr/lib/security', path)
    return normal(re.sub(r'%\{(\w+)\}', lambda found: macros.get(found[1], found[0]), path))


def takes(pattern, path):
    pattern = pattern.rstrip('/')
    return fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(path, pattern + '/*') or fnmatch.fnmatch(path, pattern + '.gz')


def compared(paths, patterns, where):
    for path in paths:
        taken = {package: (name, number) for package, name, number, pattern in patterns if takes(pattern, path)}
        if not taken:
            yield f'{where}:1: {path} is in no package'
        for name, number in list(taken.values())[1:]:
            yield f'{name}:{number}: {path} is in {len(taken)} packages: {", ".join(sorted(taken))}'
    for _, name, number, pattern in patterns:
        if not any(takes(pattern, path) for path in paths):
            yield f'{name}:{number}: {pattern} is installed by nothing'


versions = {'meson.build': r"(?m)^ *version: '([^']+)'", 'NEWS': r'^utmfa (\d[^\s,]*)', 'debian/changelog': r'^utmfa \(([^)]+)-[^-)]+\)',
            'rpm/utmfa.spec': r'(?m)^Version: *(\S+)$'}


def version_faults(tree):
    said = {name: (re.findall(pattern, tree.text(name)) or ['no version'])[0] for name, pattern in versions.items() if tree.exists(name)}
    for name, version in said.items():
        if version != said['meson.build']:
            yield f'{name}:1: {version}, and in meson.build {said["meson.build"]}'


def check(tree):
    yield from version_faults(tree)
    paths = installed(tree)
    yield from compared(paths, list(of_debian(tree)), 'debian/control')
    if tree.exists('rpm/utmfa.spec'):
        yield from compared(paths + by_spec(tree), list(of_rpm(tree)), 'rpm/utmfa.spec')


everything = {'a': '/usr/bin/utmfa-enroll', 'b': '/lib/x86_64-linux-gnu/security/pam_utmfa.so',
              'c': '/usr/share/man/man8/utmfad.8'}
good = {
    'meson.build': "project('utmfa',\n  version: '1.2.0')\n", 'NEWS': 'utmfa 1.2.0, not released\n',
    'debian/changelog': 'utmfa (1.2.0-0+utmfa1) unstable\n',
    'intro-installed.json': json.dumps(everything),
    'debian/a.install': 'etc\nusr/bin/*\n# words\ndebian/x usr/share\nlib/*/security/pam_utmfa.so\nusr/share/*\n',
    'rpm/utmfa.spec': 'Version: 1.2.0\n%files\n%config(noreplace) %{_sysconfdir}/utmfa/utmfa.yaml\n/etc/pam.d/utmfa-test\n'
                      '%{_bindir}/utmfa-enroll\n%{_pam_moduledir}/pam_utmfa.so\n%{_mandir}/man8/utmfad.8*\n'
                      '%{_datadir}/bash-completion/completions/*\n%changelog\n',
}
bad = [
    ({'NEWS': 'utmfa 1.3.0\n'}, 'NEWS:1: 1.3.0, and in meson.build 1.2.0'),
    ({'debian/changelog': 'utmfa (1.1-1) unstable\n'}, 'debian/changelog:1: 1.1, and'),
    ({'NEWS': 'Nothing.\n'}, 'NEWS:1: no version'),
    ({'intro-installed.json': json.dumps({**everything, 'd': '/usr/sbin/new'})}, '/usr/sbin/new is in no package'),
    ({'debian/a.install': good['debian/a.install'] + 'usr/old\n'}, 'debian/a.install:7: /usr/old is installed by nothing'),
    ({'rpm/utmfa.spec': good['rpm/utmfa.spec'].replace('%{_bindir}/utmfa-enroll\n', '')},
     'rpm/utmfa.spec:1: /usr/bin/utmfa-enroll is in no package'),
    ({'rpm/utmfa.spec': good['rpm/utmfa.spec'].replace('%changelog', '%{_bindir}/old\n%changelog')},
     '/usr/bin/old is installed by nothing'),
    ({'debian/b.install': 'usr/bin/utmfa-*\n'}, 'debian/b.install:1: /usr/bin/utmfa-enroll is in 2 packages: a, b'),
    ({'rpm/utmfa.spec': good['rpm/utmfa.spec'].replace('%changelog', '%files b\n%{_mandir}/man8/*\n%changelog')},
     '/usr/share/man/man8/utmfad.8 is in 2 packages'),
]
house.run(check, why, good, bad)
