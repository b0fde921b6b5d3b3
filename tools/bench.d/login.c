// SPDX-License-Identifier: Apache-2.0
// login CONFDIR SERVICE USER CODE: one sign-in in a process of its own, as sshd's or sudo's would be. Every question is
// answered with CODE. Exit status: the PAM code. Times go to descriptor 3 where it is open. Started by runner, and by
// measure.py under callgrind and strace.
#define _GNU_SOURCE
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "times.h"

static const char* code;
static struct times seen;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int converse(int count, const struct pam_message** messages, struct pam_response** answers, void* data) {
  (void)data;
  if (!seen.prompt) seen.prompt = now();
  *answers = calloc((size_t)count, sizeof **answers);
  if (!*answers) return PAM_BUF_ERR;
  for (int i = 0; i < count; i++)
    if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON || messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
      (*answers)[i].resp = strdup(code);
  return PAM_SUCCESS;
}

int main(int argc, char** argv) {
  struct pam_conv conversation = {converse, NULL};
  pam_handle_t* pam = NULL;
  if (argc != 5) return 200;
  code = argv[4];
  seen.start = now();
  int rc = pam_start_confdir(argv[2], argv[3], &conversation, argv[1], &pam);
  if (rc == PAM_SUCCESS) {
    pam_set_item(pam, PAM_RHOST, "192.0.2.1");
    pam_set_item(pam, PAM_TTY, "ssh");
    rc = pam_authenticate(pam, 0);
    pam_end(pam, rc);
  }
  seen.end = now();
  ssize_t written = write(3, &seen, sizeof seen);
  (void)written;
  return rc;
}
