// SPDX-License-Identifier: Apache-2.0
// Frames: what is written is read back, every limit from both sides, and every way to be malformed beside its
// well-formed neighbour.
#include "wire/frame.h"

#include <string>
#include <vector>

#include "support/check.h"

namespace {

using utmfa::wire::longest_frame;
using utmfa::wire::longest_key;
using utmfa::wire::most_fields;
using utmfa::wire::Reader;
using utmfa::wire::Writer;

void what_is_written_is_read(void**) {
  const std::string any("a\0\n=1:\xff", 7);
  Writer frame("hello");
  frame.text("user", "taro");
  frame.text("any", any);
  frame.text("empty", "");
  frame.number("zero", 0);
  frame.number("big", 4294967295);
  assert_true(frame.fits());
  const Reader read(frame.frame());
  assert_true(read.valid());
  assert_true(read.verb() == "hello");
  assert_true(read.text("user") == "taro");
  assert_true(read.text("any") == any);
  assert_true(read.has("empty") && read.text("empty").empty());
  assert_false(read.has("absent"));
  assert_true(read.text("absent").empty());
  assert_int_equal(read.number("zero", 9, 7), 0);
  assert_int_equal(read.number("big", 4294967295, 7), 4294967295);
}

void the_bytes_are_these(void**) {
  Writer frame("answer");
  frame.text("text", "123456");
  frame.number("again", 1);
  assert_true(frame.frame() == "1 answer\ntext=6:123456\nagain=1:1\n");
}

void the_longest_frame_fits_and_one_more_does_not(void**) {
  const std::size_t around = std::string("1 a\nt=16368:\n").size();
  const std::string longest(longest_frame - around, 'x');
  Writer fits("a");
  fits.text("t", longest);
  assert_true(fits.fits());
  assert_int_equal(fits.frame().size(), longest_frame);
  assert_true(Reader(fits.frame()).valid());
  Writer more("a");
  more.text("t", longest + "x");
  assert_false(more.fits());
  assert_false(Reader(std::string(fits.frame()) + "\n").valid());
}

void words_have_their_letters_and_length(void**) {
  const std::string longest(longest_key, 'k');
  for (const std::string& word : {std::string("a"), std::string("a-9"), longest}) {
    Writer frame(word);
    frame.text(word, "");
    assert_true(frame.fits());
    assert_true(Reader("1 " + word + "\n" + word + "=0:\n").valid());
  }
  for (const std::string& word : {std::string(), longest + "k", std::string("A"), std::string("a b"),
                                  std::string("a_b"), std::string("a\0", 2), std::string("\xc3\xa9")}) {
    assert_false(Writer(word).fits());
    Writer frame("a");
    frame.text(word, "");
    assert_false(frame.fits());
    assert_false(Reader("1 " + word + "\n").valid());
    assert_false(Reader("1 a\n" + word + "=0:\n").valid());
  }
}

void fields_are_counted(void**) {
  Writer frame("a");
  for (std::size_t i = 0; i < most_fields; ++i) frame.number("k", i);
  assert_true(frame.fits());
  const Reader read(frame.frame());
  assert_true(read.valid());
  assert_int_equal(read.number("k", 99, 99), 0);  // the first of equal keys
  assert_false(Reader(std::string(frame.frame()) + "k=0:\n").valid());
  frame.number("k", 64);
  assert_false(frame.fits());
}

void malformed_frames_are_not_read(void**) {
  const std::vector<std::string> bad = {"",
                                        "1",
                                        "1 ",
                                        "1 a",
                                        "2 a\n",
                                        "1  a\n",
                                        " 1 a\n",
                                        "11 a\n",
                                        "1 a\nk",
                                        "1 a\nk=",
                                        "1 a\nk=1",
                                        "1 a\nk=1:",
                                        "1 a\nk=1:x",
                                        "1 a\nk=1:xx\n",
                                        "1 a\nk=:\n",
                                        "1 a\nk=0:",
                                        "1 a\nk=00:\n",
                                        "1 a\nk=01:x\n",
                                        "1 a\nk=-1:\n",
                                        "1 a\nk=+0:\n",
                                        "1 a\nk= 0:\n",
                                        "1 a\nk=2:x\n",
                                        "1 a\nk=0x0:\n",
                                        "1 a\n\n",
                                        "1 a\nk=0:\nz",
                                        "1\na\n",
                                        "1 a\r\n",
                                        "\0001 a\n",
                                        "1 a\nk=18446744073709551616:\n",
                                        "1 a\nk=4294967296:\n",
                                        "1 a\nk=16385:\n",
                                        "1 a\nk=99999999999999999999999999:\n"};
  assert_true(Reader("1 a\nk=1:x\n").valid());
  for (const std::string& frame : bad) {
    const Reader read(frame);
    if (read.valid()) fail_msg("read: %s", frame.c_str());
    assert_true(read.verb().empty());
    assert_false(read.has("k"));
  }
}

void a_broken_frame_gives_nothing_of_its_good_part(void**) {
  const Reader read("1 result\ncode=7:granted\nx");
  assert_false(read.valid());
  assert_true(read.verb().empty());
  assert_true(read.text("code").empty());
}

void every_cut_is_noticed(void**) {
  const std::string frame = "1 prompt\necho=5:shown\ntext=6:Code: \n";
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const bool whole = size == 9 || size == 22;  // a frame with fewer fields is a frame
    assert_int_equal(Reader(std::string_view(frame).substr(0, size)).valid(), whole);
  }
}

void numbers_are_strict(void**) {
  const auto read = [](const std::string& text) {
    return Reader("1 a\nn=" + std::to_string(text.size()) + ":" + text + "\n").number("n", 32, 77);
  };
  assert_int_equal(read("0"), 0);
  assert_int_equal(read("32"), 32);
  for (const char* text :
       {"", "33", "-1", "+1", "01", " 1", "1 ", "0x1", "1e1", "4294967297", "18446744073709551617"}) {
    assert_int_equal(read(text), 77);
  }
  assert_int_equal(Reader("1 a\n").number("n", 32, 77), 77);
}

void a_wiped_frame_is_gone(void**) {
  Writer frame("answer");
  frame.text("text", "492039");
  const char* bytes = frame.frame().data();
  const std::size_t size = frame.frame().size();
  frame.wipe();
  assert_false(frame.fits());
  assert_true(frame.frame().empty());
  assert_true(std::string_view(bytes, size).find_first_not_of('\0') == std::string_view::npos);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(the_bytes_are_these),
      cmocka_unit_test(the_longest_frame_fits_and_one_more_does_not),
      cmocka_unit_test(words_have_their_letters_and_length),
      cmocka_unit_test(fields_are_counted),
      cmocka_unit_test(malformed_frames_are_not_read),
      cmocka_unit_test(a_broken_frame_gives_nothing_of_its_good_part),
      cmocka_unit_test(every_cut_is_noticed),
      cmocka_unit_test(numbers_are_strict),
      cmocka_unit_test(a_wiped_frame_is_gone),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
