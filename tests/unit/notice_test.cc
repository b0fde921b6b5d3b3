// SPDX-License-Identifier: Apache-2.0
// What is told and what is not, and the queue on disk: whole or not there, bounded, quiet where it must be.
#include "notice/notice.h"

#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "notice/outbox.h"
#include "support/premises.h"

namespace utmfa {
namespace {

constexpr Time now = 1'800'000'000;

Event event_of(std::string_view what, std::string_view kind = {}) {
  Event event;
  event.what = what;
  event.user = "taro";
  event.kind = kind;
  return event;
}

Notice notice_named(std::string_view what, const std::string& user = "taro", Time made = now) {
  Event event = event_of(what);
  event.user = user;
  return notices_of(event, made).at(0);
}

struct Queue {
  Queue() : place(test::made_place(test::quick_place())), outbox(place, random) {}
  ~Queue() { std::filesystem::remove_all(place); }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  void put(const Notice& notice) {
    const Status done = outbox.put(notice, Durability::lazy);
    if (!done) fail_msg("%s", done.error().what.c_str());
  }
  std::vector<Outbox::Entry> entries() {
    std::vector<std::string> broken;
    Result<std::vector<Outbox::Entry>> found = outbox.entries(broken);
    assert_true(static_cast<bool>(found));
    assert_true(broken.empty());
    return *found;
  }
  std::string place;
  SystemRandom random;
  Outbox outbox;
};

void changes_are_told(void**) {
  for (const char* what : {"enrolled", "removed", "reordered", "renamed", "applied", "reset", "terminated", "restored",
                           "unlocked", "state-rebuilt", "contact", "pass-issued", "lock"}) {
    const std::vector<Notice> notices = notices_of(event_of(what), now);
    assert_int_equal(notices.size(), 1);
    assert_string_equal(notices[0].what.c_str(), what);
    assert_int_equal(notices[0].made, now);
  }
  assert_string_equal(notices_of(event_of("granted", "pass"), now).at(0).what.c_str(), "pass-used");
}

void what_is_no_change_is_not_told(void**) {
  for (const char* what :
       {"granted", "denied", "wrong", "locked", "added", "withdrawn", "tested", "key-made", "", "LOCK"})
    assert_true(notices_of(event_of(what), now).empty());
  assert_true(notices_of(event_of("granted", "totp"), now).empty());
  Event nobody = event_of("reset");
  for (const char* user : {"", "ta\nro", "ta\x1bro", "ta\xffro"}) {
    nobody.user = user;
    assert_true(notices_of(nobody, now).empty());
  }
}

void a_former_address_is_told_as_well(void**) {
  Event event = event_of("contact");
  event.also_tell = "old@example.ac.jp";
  const std::vector<Notice> notices = notices_of(event, now);
  assert_int_equal(notices.size(), 2);
  assert_string_equal(notices[0].to.c_str(), "");
  assert_string_equal(notices[1].to.c_str(), "old@example.ac.jp");
  assert_true(audit_line(event).find("old@example") == std::string::npos);
}

void a_notice_is_read_as_it_was_printed(void**) {
  Notice notice = notice_named("lock");
  notice.from = "192.0.2.1\nwhat=reset";
  notice.service = "sshd";
  notice.by = "花子";
  notice.attempts = 3;
  notice.next = now + 60;
  const Result<Notice> read = parse_notice(print_notice(notice));
  assert_true(static_cast<bool>(read));
  assert_string_equal(read->what.c_str(), "lock");
  assert_string_equal(read->from.c_str(), "192.0.2.1?what=reset");
  assert_string_equal(read->by.c_str(), "花子");
  assert_true(read->attempts == 3 && read->next == now + 60 && read->made == now && read->service == "sshd");
  Event event = event_of("reset");
  event.from = event.service = event.method = event.kind = event.by = std::string(100000, 'x');
  assert_true(print_notice(notices_of(event, now).at(0)).size() <= longest_notice);
}

void what_is_no_notice_is_refused(void**) {
  const std::string good = print_notice(notice_named("reset"));
  assert_true(static_cast<bool>(parse_notice(good)));
  for (std::size_t size = 0; size < good.size(); ++size)
    assert_false(static_cast<bool>(parse_notice(std::string_view(good).substr(0, size))));
  for (const char* more : {"colour=red\n", "made=-1\n", "made=x\n", "next=99999999999999999999\n", "x\n", "\n",
                           "attempts=1e9\n", "what=\x1b\n", "user=a\xff\n"})
    assert_false(static_cast<bool>(parse_notice(good + more)));
  assert_false(static_cast<bool>(parse_notice("utmfa-notice 2\n" + good.substr(good.find('\n') + 1))));
  assert_false(static_cast<bool>(parse_notice(good + "by=" + std::string(longest_notice, 'x') + "\n")));
}

void the_oldest_comes_first(void**) {
  Queue queue;
  assert_true(queue.entries().empty());
  queue.put(notice_named("reset", "taro", now + 5));
  queue.put(notice_named("applied", "hanako", now));
  queue.put(notice_named("reset", "jiro", 999));
  std::vector<Outbox::Entry> found = queue.entries();
  assert_int_equal(found.size(), 3);
  assert_string_equal(found[0].notice.user.c_str(), "jiro");
  assert_string_equal(found[2].notice.user.c_str(), "taro");
  found[0].notice.attempts = 4;
  assert_true(static_cast<bool>(queue.outbox.replace(found[0])));
  assert_int_equal(queue.entries().at(0).notice.attempts, 4);
  assert_true(static_cast<bool>(queue.outbox.remove(found[0].file)));
  assert_int_equal(queue.entries().size(), 2);
  for (const std::string& each : {queue.place + "/outbox", queue.place + "/outbox/new/" + found[1].file})
    assert_int_equal(static_cast<int>(std::filesystem::status(each).permissions()) & 077, 0);
}

void locks_are_told_once_an_hour(void**) {
  Queue queue;
  queue.put(notice_named("lock"));
  queue.put(notice_named("lock", "taro", now + 3599));
  assert_int_equal(queue.entries().size(), 1);
  queue.put(notice_named("lock", "taro", now + 3600));
  queue.put(notice_named("lock", "hanako", now + 1));
  queue.put(notice_named("reset", "taro", now + 1));
  queue.put(notice_named("reset", "taro", now + 1));
  assert_int_equal(queue.entries().size(), 5);
  // Told again when nobody remembers, and when the clock was set back.
  queue.put(notice_named("lock", "taro", now - 100000));
  assert_int_equal(queue.entries().size(), 6);
  assert_true(static_cast<bool>(queue.outbox.forget_told(now + 7200)));
  queue.put(notice_named("lock", "taro", now + 3601));
  assert_int_equal(queue.entries().size(), 7);
}

void a_full_queue_refuses(void**) {
  Queue queue;
  queue.put(notice_named("reset"));
  const std::string first = queue.outbox.waiting_path() + "/" + queue.entries().at(0).file;
  for (std::size_t i = 1; i < most_notices - 1; ++i)
    std::filesystem::copy(first, queue.outbox.waiting_path() + "/x" + std::to_string(i));
  Outbox another(queue.place, queue.random);
  assert_true(static_cast<bool>(another.put(notice_named("reset"), Durability::lazy)));
  const Status full = another.put(notice_named("reset"), Durability::lazy);
  assert_false(static_cast<bool>(full));
  assert_int_equal(full.error().code, Code::unavailable);
  std::filesystem::remove(first);
  assert_true(static_cast<bool>(another.put(notice_named("reset"), Durability::lazy)));
}

void what_is_broken_is_told_and_goes(void**) {
  Queue queue;
  queue.put(notice_named("reset"));
  const std::string waiting = queue.outbox.waiting_path() + "/";
  std::ofstream(waiting + "empty");
  std::ofstream(waiting + "long") << std::string(longest_notice + 1, 'x');
  std::ofstream(waiting + ".half") << "utmfa-notice 1\n";
  for (const char* name : {"empty", "long"}) chmod((waiting + name).c_str(), 0600);
  std::ofstream(waiting + "readable") << print_notice(notice_named("reset"));
  chmod((waiting + "readable").c_str(), 0666);
  std::filesystem::create_symlink("/etc/passwd", waiting + "link");
  std::vector<std::string> broken;
  const Result<std::vector<Outbox::Entry>> found = queue.outbox.entries(broken);
  assert_int_equal(found->size(), 1);
  assert_int_equal(broken.size(), 4);
  assert_int_equal(queue.entries().size(), 1);
}

void directories_of_others_are_not_used(void**) {
  Queue queue;
  queue.put(notice_named("reset"));
  assert_int_equal(chmod((queue.place + "/outbox/new").c_str(), 0777), 0);
  assert_false(static_cast<bool>(queue.outbox.put(notice_named("reset"), Durability::lazy)));
  assert_int_equal(chmod((queue.place + "/outbox/new").c_str(), 0700), 0);
  std::filesystem::remove_all(queue.place + "/outbox/told");
  std::filesystem::create_symlink("/tmp", queue.place + "/outbox/told");
  assert_false(static_cast<bool>(queue.outbox.put(notice_named("lock"), Durability::lazy)));
}

// Killed at any moment, a writer leaves whole notices and nothing that is read as one.
void writers_that_are_killed_leave_whole_notices(void**) {
  Queue queue;
  queue.put(notice_named("reset", "first"));
  for (int round = 0; round < 20; ++round) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t writer = fork();
    if (writer == 0) {
      (void)!write(ends[1], "x", 1);
      for (;;) (void)queue.outbox.put(notice_named("reset"), Durability::lazy);
    }
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 1);
    while (queue.entries().size() < static_cast<std::size_t>(round) * 3) {
    }
    assert_int_equal(kill(writer, SIGKILL), 0);
    assert_int_equal(waitpid(writer, nullptr, 0), writer);
    close(ends[0]);
    close(ends[1]);
  }
  assert_true(queue.entries().size() > 1);
}

void one_delivers_at_a_time(void**) {
  Queue queue;
  {
    const Result<Descriptor> held = queue.outbox.lock();
    assert_true(static_cast<bool>(held));
    assert_int_equal(queue.outbox.lock().error().code, Code::conflict);
  }
  assert_true(static_cast<bool>(queue.outbox.lock()));
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::changes_are_told),
      cmocka_unit_test(utmfa::what_is_no_change_is_not_told),
      cmocka_unit_test(utmfa::a_former_address_is_told_as_well),
      cmocka_unit_test(utmfa::a_notice_is_read_as_it_was_printed),
      cmocka_unit_test(utmfa::what_is_no_notice_is_refused),
      cmocka_unit_test(utmfa::the_oldest_comes_first),
      cmocka_unit_test(utmfa::locks_are_told_once_an_hour),
      cmocka_unit_test(utmfa::a_full_queue_refuses),
      cmocka_unit_test(utmfa::what_is_broken_is_told_and_goes),
      cmocka_unit_test(utmfa::directories_of_others_are_not_used),
      cmocka_unit_test(utmfa::writers_that_are_killed_leave_whole_notices),
      cmocka_unit_test(utmfa::one_delivers_at_a_time),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
