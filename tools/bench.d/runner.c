// SPDX-License-Identifier: Apache-2.0
// runner LOGIN CONFDIR PARALLEL < JOBS: starts sign-ins in the given order, PARALLEL at a time, each a fresh process,
// and prints one line each and the wall time of all. A job is one line of fields separated by tabs:
//   NAME SERVICE USER SECRET(hex, - = none) USAGE(file of the verifier's CPU, - = none) FRESH(file, - = none) COPY
// The code is computed just before the start; before that COPY is written over FRESH, in place and synced, so that one
// user can sign in more than once in a time step. Neither is part of what is measured. Started by measure.py.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <liboath/oath.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "times.h"

enum { fields = 7, most_parallel = 256 };

struct running {
  pid_t pid;
  int pipe;
  long long start, used_before;
  char name[64], user[64];
};

static struct running table[most_parallel];
static int failures;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fatal(const char* what) {
  perror(what);
  exit(1);
}

// Microseconds of CPU so far, from cgroup 2's cpu.stat, cgroup 1's cpuacct.usage or /proc/PID/stat.
static long long used(const char* path) {
  char text[4096];
  long long user, system, user_children, system_children;
  if (strcmp(path, "-") == 0) return 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (size <= 0) fatal(path);
  close(fd);
  text[size] = 0;
  if (strncmp(text, "usage_usec ", 11) == 0) return atoll(text + 11);
  char* end = strrchr(text, ')');
  if (!end) return atoll(text) / 1000;
  if (sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld %lld %lld", &user, &system, &user_children,
             &system_children) != 4)
    fatal(path);
  return (user + system + user_children + system_children) * 1000000 / sysconf(_SC_CLK_TCK);
}

static void refresh(const char* path, const char* copy) {
  char block[65536];
  ssize_t size;
  off_t total = 0;
  struct stat now;
  if (strcmp(path, "-") == 0) return;
  int from = open(copy, O_RDONLY | O_CLOEXEC), to = open(path, O_WRONLY | O_CLOEXEC);
  if (from < 0 || to < 0) fatal(path);
  for (; (size = read(from, block, sizeof block)) > 0; total += size)
    if (write(to, block, (size_t)size) != size) fatal(path);
  if (fstat(to, &now) != 0 || (now.st_size > total && ftruncate(to, total) != 0) || fdatasync(to) != 0) fatal(path);
  close(from);
  close(to);
}

static void code_of(const char* hex, char* code) {
  char secret[64];
  size_t size = sizeof secret;
  strcpy(code, "000000");
  if (strcmp(hex, "-") == 0) return;
  if (oath_hex2bin(hex, secret, &size) != OATH_OK ||
      oath_totp_generate(secret, size, time(NULL), OATH_TOTP_DEFAULT_TIME_STEP_SIZE, 0, 6, code) != OATH_OK)
    fatal("code");
}

static void start(struct running* slot, char** field, const char* login, const char* confdir) {
  char code[16];
  int ends[2];
  posix_spawn_file_actions_t actions;
  char* empty[] = {"PATH=/usr/bin:/bin", NULL};
  refresh(field[5], field[6]);
  code_of(field[3], code);
  char* arguments[] = {(char*)login, (char*)confdir, field[1], field[2], code, NULL};
  if (pipe2(ends, O_CLOEXEC) != 0) fatal("pipe");
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 3);
  snprintf(slot->name, sizeof slot->name, "%s", field[0]);
  snprintf(slot->user, sizeof slot->user, "%s", field[2]);
  slot->used_before = used(field[4]);
  slot->start = now();
  if (posix_spawn(&slot->pid, login, &actions, NULL, arguments, empty) != 0) fatal(login);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  slot->pipe = ends[0];
}

static void report(struct running* slot, int status, const struct rusage* cost, long long wall) {
  struct times seen = {0, 0, 0};
  if (read(slot->pipe, &seen, sizeof seen) != (ssize_t)sizeof seen) fprintf(stderr, "%s: no times\n", slot->name);
  close(slot->pipe);
  long long cpu =
      (cost->ru_utime.tv_sec + cost->ru_stime.tv_sec) * 1000000LL + cost->ru_utime.tv_usec + cost->ru_stime.tv_usec;
  int rc = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
  failures += rc != 0;
  printf("%s\t%s\t%d\t%.1f\t%lld\t%.1f\t%ld\t%ld\t%lld\n", slot->name, slot->user, rc, (double)wall / 1e3, cpu,
         (double)((seen.prompt ? seen.prompt : seen.end) - seen.start) / 1e3, cost->ru_maxrss, cost->ru_minflt,
         slot->used_before);
}

static void reap(int parallel) {
  int status;
  struct rusage cost;
  pid_t pid = wait4(-1, &status, 0, &cost);
  long long ended = now();
  if (pid < 0) fatal("wait4");
  for (int i = 0; i < parallel; i++)
    if (table[i].pid == pid) {
      report(&table[i], status, &cost, ended - table[i].start);
      table[i].pid = 0;
      return;
    }
}

static struct running* free_slot(int parallel) {
  for (;;) {
    for (int i = 0; i < parallel; i++)
      if (table[i].pid == 0) return &table[i];
    reap(parallel);
  }
}

static int busy(int parallel) {
  for (int i = 0; i < parallel; i++)
    if (table[i].pid) return 1;
  return 0;
}

int main(int argc, char** argv) {
  char line[4096];
  int parallel = argc == 4 ? atoi(argv[3]) : 0;
  if (parallel < 1 || parallel > most_parallel) return 2;
  if (oath_init() != OATH_OK) fatal("liboath");
  long long begun = now(), jobs = 0;
  while (fgets(line, sizeof line, stdin)) {
    char *field[fields], *rest = line;
    line[strcspn(line, "\n")] = 0;
    for (int i = 0; i < fields; i++)
      if (!(field[i] = strsep(&rest, "\t"))) return 2;
    start(free_slot(parallel), field, argv[1], argv[2]);
    jobs++;
  }
  while (busy(parallel)) reap(parallel);
  printf("total\t%lld\t%d\t%.1f\n", jobs, failures, (double)(now() - begun) / 1e3);
  return 0;
}
