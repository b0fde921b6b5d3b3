# SPDX-License-Identifier: Apache-2.0
"""The example role: Ansible takes it, what its template makes is a right configuration, and every command in it is one
that utmfa-admin knows. 77 (skipped) where Ansible is not installed."""

import os
import re
import shutil
import subprocess
import sys

if not shutil.which("ansible-playbook"):
    print("ansible-playbook is not installed")
    sys.exit(77)

from programs import Place, check, done, source  # noqa: E402

example = os.path.join(source, "docs/examples/ansible")
place = Place(setup=False)
environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": place.at("tmp"), "ANSIBLE_HOME": place.at("home"), "LC_ALL": "C.UTF-8",
               "HOME": place.path, "ANSIBLE_NOCOLOR": "1", "PYTHONPATH": ""}


def ansible(*words):
    return subprocess.run(["ansible-playbook", "-i", "localhost,", "-c", "local", *words], cwd=example, env=environment,
                          capture_output=True, text=True, timeout=120, check=False)


listed = ansible("--syntax-check", "site.yml")
check(listed.returncode == 0, listed.stdout, listed.stderr)
listed = ansible("--list-tasks", "site.yml")
check("Confirm what waits, from the fresh sign-in" in listed.stdout, listed.stdout, listed.stderr)
broken = place.write("broken.yml", "- hosts: all\n  roles: [nowhere]\n")
check(ansible("--syntax-check", broken).returncode != 0, "a role that is not there")

play = place.write("template.yml", f"""\
- hosts: all
  gather_facts: false
  vars_files: [{example}/roles/utmfa/defaults/main.yml]
  tasks:
    - template: {{src: {example}/roles/utmfa/templates/50-site.yaml.j2, dest: {place.at('50-site.yaml')}, mode: "0644"}}
      vars: {{ansible_python_interpreter: {sys.executable}}}
""")
made = ansible(play)
check(made.returncode == 0, made.stdout, made.stderr)
place.admin("check", place.at("50-site.yaml"))

with open(os.path.join(example, "roles/utmfa/tasks/main.yml"), encoding="utf-8") as file:
    tasks = file.read()
for words in re.findall(r"utmfa-admin ([a-z ]+)", tasks):
    verbs = [word for word in words.split() if word in ("setup", "check", "doctor", "service")]
    if verbs:
        place.admin(*verbs, "--help")
place.admin("service", "enable", "--help")
done()
