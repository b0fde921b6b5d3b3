# SPDX-License-Identifier: Apache-2.0
"""Words that may not stand in the tree, each with its reason."""

import re

import house

why = 'each of these has been the cause of a hole, a hang or a lie somewhere; the reason stands beside it.'

ours = ('libutmfa/', 'pam_utmfa/', 'utmfad/', 'utmfa_key/', 'utils/')
inside_hosts = ('libutmfa/', 'pam_utmfa/')

# pattern, rooms ('' = the whole tree), reason. Looked for in code, without comments and literals.
in_code = [
    (r'\bthrow\b', ours, 'our errors are values: an exception that is missed ends the program that signs people in'),
    (r'\b(strcmp|strncmp|memcmp|bcmp)\s*\(', ours,
     'stops at the first difference: use equal() for secrets, string_view otherwise'),
    (r'(?<![\w.>:])(std::)?system\s*\(', ours, 'hands text to a shell'),
    (r'\bpopen\s*\(', ours, 'hands text to a shell'),
    (r'\b(atoi|atol|atoll|strto(l|ll|ul|ull)|sscanf|sto(i|l|ul|ull))\s*\(', ours,
     'takes signs, spaces and rubbish, or throws: use number() of base/text.h'),
    (r'\bgetenv\s*\(', ours, 'believed by a program that gained privileges: secure_getenv, and only where one must'),
    (r'\b(setlocale|textdomain)\s*\(', inside_hosts, 'the locale belongs to the program that loaded us'),
    (r'(?<![\w.>:])signal\s*\(', ours, 'unspecified in what it keeps: sigaction or signalfd, and never in the module'),
    (r'\b(sigaction|umask|chdir|fchdir|setenv|putenv|unsetenv|clearenv|alarm|setitimer)\s*\(', ('pam_utmfa/',),
     'nothing of the host is ours'),
    (r'\busing\s+namespace\b', ours + ('tests/',), 'hides where a name comes from'),
    (r'\bdefault\s*:', ours, 'hides the enumerator that is added later: name every one'),
    (r'\bstd::(cout|cerr|clog)\b|(?<![\w.>:])f?printf\s*\(|\bputs\s*\(', inside_hosts,
     'the standard streams belong to the program'),
    (r'\bstd::(format|views|source_location|expected)\b', ours + ('tests/',), 'not in both of our compilers'),
    (r'(?<![\w.>:])(sleep|usleep|nanosleep|sleep_for|sleep_until)\s*\(', ours + ('tests/',),
     'too short on a slow machine, too long on a fast one: wait for the event'),
    (r'\bassert\s*\(', ('pam_utmfa/',), 'ends the program that loaded us'),
    (r'\bstatic\s+std::', ('pam_utmfa/',), 'needs a runtime and a destructor in a process that is not ours'),
    (r'\b(rand|srand|random|drand48)\s*\(', ours, 'predictable: base/random.h'),
    (r'\bmktemp\s*\(|\btmpnam\s*\(', ours, 'a name that somebody else can take first'),
]
# Looked for in every line of every text file.
in_text = [
    (r'\b(TODO|FIXME|XXX|HACK)\b', '', 'finish it, or write down in the manual what is not there'),
    (r'(?://|#) .*(?<![\w&])#[0-9]+\b', '', 'a number of a tracker means nothing to who reads the tree: say the reason'),
    (r'<systemd/|libsystemd|sd-daemon\.h', '', 'runs where there is no systemd: the protocols are a few lines'),
]
# An absolute path begins with a directory of the Filesystem Hierarchy Standard, or it is some person's machine.
standard_roots = set('bin dev etc home lib opt proc root run sbin srv sys tmp usr var'.split())
absolute = re.compile(r'(?:^|[\s"\'=`(<>:,])/([a-z][a-z0-9_.-]+)/[\w.]')
personal = re.compile(r'(?:^|[\s"\'=`(<>:,])/(?:home|root|Users)/(?!NAME|USER|\$|taro|\.ssh|ann\b)[\w.]+')

text_suffixes = ('.cc', '.h', '.py', '.sh', '.md', '.build', '.txt', '.yaml', '.service', '.socket', '.conf', '.po',
                 '.pot', '.1', '.5', '.7', '.8', '.dialogue', '.map', '.example')
this = 'tests/house/words.py'


def check(tree):
    yield from code_faults(tree)
    yield from text_faults(tree)
    yield from grants(tree)


def code_faults(tree):
    for name in tree.sources():
        rules = [(re.compile(pattern), reason) for pattern, rooms, reason in in_code if name.startswith(tuple(rooms))]
        for number, line in enumerate(house.without_comments(tree.text(name)).splitlines(), 1):
            for pattern, reason in rules:
                found = pattern.search(line)
                if found:
                    yield f'{name}:{number}: {found[0].strip()}: {reason}'


def text_faults(tree):
    for name in tree.names():
        if name == this or not (name.endswith(text_suffixes) or name.startswith('tools/')):
            continue
        for number, line in tree.lines(name):
            for pattern, _, reason in in_text:
                found = re.search(pattern, line)
                if found:
                    yield f'{name}:{number}: {found[0].strip()}: {reason}'
            for found in absolute.finditer(line):
                if found[1] not in standard_roots and not name.startswith(('tests/', 'tools/')):
                    yield f'{name}:{number}: /{found[1]}/ is a directory of some machine, not of the standard hierarchy'
            found = personal.search(line)
            if found and not name.startswith(('tests/', 'tools/')):
                yield f'{name}:{number}: {found[0].strip()} is the directory of a person'


def grants(tree):
    """Law 1: in our own code Outcome::granted is written once, where it is decided; elsewhere it is only compared."""
    said = re.compile(r'(?<!==\s)(?<!!=\s)(?<!case\s)Outcome::granted(?!\s*[=!]=)')
    places = []
    for name in tree.sources(*ours):
        for number, line in enumerate(house.without_comments(tree.text(name)).splitlines(), 1):
            if said.search(line):
                places.append((name, number))
    for name, number in places[1:] if len(places) > 1 else []:
        yield f'{name}:{number}: Outcome::granted is already said in {places[0][0]}:{places[0][1]}: one grant, one line'
    if len(places) == 1 and not places[0][0].startswith('libutmfa/signin/'):
        yield f'{places[0][0]}:{places[0][1]}: Outcome::granted is said outside libutmfa/signin/'
    if not places and tree.exists('libutmfa/signin/sign_in.cc'):
        yield 'libutmfa/signin/sign_in.cc:1: Outcome::granted is said nowhere'


good = {
    'libutmfa/signin/sign_in.cc': '// never throw\nreturn Outcome::granted;\nif (o == Outcome::granted) x("throw");\n',
    'utmfad/main.cc': 'case Outcome::granted: break;\nfs.system(1); x = a.signal(2);\n',
    'README.md': 'See /etc/utmfa/utmfa.yaml.\n',
}
bad = [({'libutmfa/a/a.cc': text}, words) for text, words in [
    ('throw 1;\n', 'throw: our errors are values'), ('if (memcmp(a, b, 1)) x();\n', 'memcmp'),
    ('system("x");\n', 'system('), ('popen("x");\n', 'popen('), ('a = atoi(b);\n', 'atoi('),
    ('a = std::stoi(b);\n', 'stoi('), ('a = getenv("A");\n', 'getenv('), ('setlocale(LC_ALL, "");\n', 'setlocale('),
    ('signal(SIGPIPE, x);\n', 'signal('), ('using namespace std;\n', 'using namespace'),
    ('  default: x();\n', 'default:'),
    ('std::cout << 1;\n', 'std::cout'), ('printf("");\n', 'printf('), ('sleep(1);\n', 'sleep('),
    ('return Outcome::granted;\n', 'one grant, one line'), ('// TODO: all of it\n', 'TODO'),
    ('x("/opt2/thing/a");\n', '/opt2/ is a directory of some machine'), ('// see #12\n', '#12: a number of a tracker'),
    ('#include <systemd/sd-daemon.h>\n', 'runs where there is no systemd'),
    ('x("/home/somebody/utmfa");\n', 'directory of a person'),
]] + [
    ({'pam_utmfa/a.cc': 'umask(0);\n'}, 'nothing of the host is ours'),
    ({'libutmfa/signin/sign_in.cc': '\n'}, 'said nowhere'),
    ({'libutmfa/signin/sign_in.cc': '\n', 'utmfad/a.cc': 'return Outcome::granted;\n'}, 'outside libutmfa/signin/'),
    ({'tests/a.cc': 'usleep(5);\n'}, 'wait for the event'),
]
house.run(check, why, good, bad)
