// SPDX-License-Identifier: Apache-2.0
// Vendors' files: what is read of each format, and the line of everything that is wrong.
#include "tokens/reading.h"

#include <fstream>
#include <iterator>

#include "base/encoding.h"
#include "support/check.h"

namespace utmfa {
namespace {

constexpr const char* seed = "12345678901234567890";
const std::string seed_hex = "3132333435363738393031323334353637383930";
const std::string seed_base32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const std::string seed_base64 = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=";

Reading read(const std::string& text, TokenForm form = TokenForm::found_out, const Assumed& assumed = {},
             const std::optional<Secret>& password = {}) {
  Reading reading("file", assumed);
  read_tokens(text, form, password, reading);
  return reading;
}

std::string field(const Token& token, std::string_view key) {
  const auto found = token.fields.find(key);
  return found == token.fields.end() ? "-" : found->second;
}

// "serial kind digits period algorithm counter", one for each token.
std::string told(const Reading& reading) {
  std::string text;
  for (const std::string& each : reading.problems) text += "! " + each + "\n";
  for (const Candidate& each : reading.tokens) {
    const Token& token = each.token;
    text += std::to_string(each.line) + " " + token.serial + " " + token.kind + " " + field(token, "digits") + " " +
            field(token, "period") + " " + field(token, "algorithm") + " " + std::to_string(token.moving) +
            (each.secret.view() == seed ? "" : " another secret") + "\n";
  }
  return text;
}

void reads(const std::string& text, const std::string& expected, TokenForm form = TokenForm::found_out,
           const Assumed& assumed = {}) {
  const std::string got = told(read(text, form, assumed));
  if (got != expected) print_error("read:\n%s\nexpected:\n%s\nof:\n%s\n", got.c_str(), expected.c_str(), text.c_str());
  assert_true(got == expected);
}

// Nothing is read where something is wrong, and the words and the line are told.
void refuses(const std::string& text, const std::string& words, TokenForm form = TokenForm::found_out,
             const std::optional<Secret>& password = {}) {
  const Reading reading = read(text, form, {}, password);
  const bool right = !reading.problems.empty() && reading.problems[0].find(words) != std::string::npos;
  if (!right) print_error("expected %s, got:\n%s\nof:\n%s\n", words.c_str(), told(reading).c_str(), text.c_str());
  assert_true(right);
  for (const std::string& each : reading.problems) {
    assert_true(each.find(seed_hex) == each.npos && each.find(seed_base32) == each.npos);
    assert_true(each.find(seed) == each.npos && each.find('\n') == each.npos);
  }
}

const std::string entra = "upn,serial number,secret key,time interval,manufacturer,model\n";

void tables_with_a_heading(void**) {
  const std::string row = "helga@contoso.com,1234567," + seed_base32 + ",60,Contoso,HardwareKey\n";
  for (const TokenForm form : {TokenForm::found_out, TokenForm::csv, TokenForm::entra})
    reads(entra + row, "2 1234567 totp 6 60 sha1 -1\n", form);
  assert_true(read(entra + row).tokens[0].token.meant == "helga@contoso.com");
  assert_true(read(entra + row).tokens[0].token.model == "HardwareKey");
  reads("\xEF\xBB\xBF" + entra + "\r\n# a remark\r\n" + row, "4 1234567 totp 6 60 sha1 -1\n");
  // The published sample: all its letters are hexadecimal, and it is base32.
  const Reading sample = read(entra + "Helga@contoso.com,1234567,2234567abcdef2234567abcdef,60,Contoso,HardwareKey\n");
  assert_int_equal(sample.tokens[0].secret.size(), 16);
  reads("serial number,secret key,time interval,manufacturer,model\n10001001," + seed_base32 + ",60,Deepnet,SafeID\n",
        "2 10001001 totp 6 60 sha1 -1\n");
  reads("\"Serial Number\";\"Seed (HEX)\";Type;Digits;Counter\n\"A;1\";x;x;x;x\nA-1;" + seed_hex + ";HOTP;8;17\n",
        "! file:2: the secret is not hexadecimal\n3 A-1 hotp 8 - - 17\n");
  reads("serial\tsecret key\thash function\ttime interval\n77\t" + seed_hex + "\tHMAC-SHA-256\t30\n",
        "2 77 totp 6 30 sha256 -1\n");
  const Reading more = read("serial,secret,batch\n1," + seed_hex + ",7\n", TokenForm::csv, {"hotp", "", "", ""});
  assert_int_equal(more.tokens.size(), 1);
  assert_true(more.notes.size() == 1 && more.notes[0].find("file:1: the column \"batch\"") == 0);
}

void tables_without_a_heading(void**) {
  reads("Token001, " + seed_hex + ", hotp\nToken002," + seed_hex + ",totp,8\nToken003," + seed_base32 + ",totp,6,60\n" +
            "Token004," + seed_hex + ",hotp,6,12\n",
        "1 Token001 hotp 6 - - -1\n2 Token002 totp 8 30 sha1 -1\n3 Token003 totp 6 60 sha1 -1\n"
        "4 Token004 hotp 6 - - 12\n");
  reads("2600215704919   " + seed_hex + "\n2600215704920\t" + seed_hex + "\n",
        "1 2600215704919 totp 6 60 sha1 -1\n2 2600215704920 totp 6 60 sha1 -1\n", TokenForm::found_out,
        {"totp", "", "60", ""});
  reads("9;" + seed_hex + "\n", "1 9 hotp 8 - - -1\n", TokenForm::csv, {"hotp", "8", "", ""});
  refuses("9;" + seed_hex + "\n", "file:1: it is not said whether the token follows a clock or counts");
  assert_int_equal(read("9," + seed_hex + ",totp\n").notes.size(), 1);  // 30 seconds are a guess
}

void logs_of_yubico(void**) {
  reads(
      "LOGGING START,11.12.13 18:54\nYubico OTP,12/11/2013 11:10,1,vvgutbiedkvi,ab86c04de6a3,"
      "d26a7c0f85fdda28bd816e406342b214,,,0,0,0,0,0,0,0,0,0,0\nOATH-HOTP,11.12.13 18:55,1,ubnu01234567,," +
          seed_hex + ",,,0,0,0,8,16,0,0,0,0,0\nOATH-HOTP,Dec 11, 2013,2,ubnu01234568,," + seed_hex +
          ",,,0,0,0,6,0,0,0,0,0,0\n",
      "3 ubnu01234567 hotp 8 - - 16\n4 ubnu01234568 hotp 6 - - -1\n");
  refuses("OATH-HOTP,11.12.13 18:55,1,,," + seed_hex + ",,,0,0,0,6,0,0,0,0,0,0\n", "file:1: no token identifier");
  refuses("OATH-HOTP,11.12.13,1,x," + seed_hex + "\n", "file:1: 5 cells: expected 18");
  reads("508326,,0," + seed_hex +
            ",,2013-12-12T08:41:07,\n508327,cccccccccccc,83cebdfb7b93,"
            "a47c5bf9c152202f577be6721c0113af,,2013-12-12T08:43:17,\n",
        "1 508326 hotp 6 - - -1\n");
}

void hostile_tables(void**) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "file:1: the file is empty"},
      {" \n\n", "file:1: the file is empty"},
      {"# only a remark\n", "file:1: there is no token"},
      {entra, "file:1: there is no token"},
      {entra + "a@b,1," + seed_base32 + ",60,C\n", "file:2: 5 cells: expected 6"},
      {entra + "a@b,1," + seed_base32 + ",60,C,M,extra\n", "file:2: 7 cells: expected 6"},
      {entra + "a@b,," + seed_base32 + ",60,C,M\n", "file:2: no serial number"},
      {entra + "a@b,1,,60,C,M\n", "file:2: no secret"},
      {entra + "a@b,1," + seed_base32 + ",45,C,M\n", "file:2: period: expected 30|60"},
      {entra + "a@b,1," + seed_base32 + ",60s,C,M\n", "file:2: period: expected 30|60"},
      {entra + "a@b,1,GEZDGNBV,60,C,M\n", "file:2: secret: 5 bytes: expected 16 to 128"},
      {entra + "a@b,1," + std::string(400, 'A') + ",60,C,M\n", "file:2: secret: 200 bytes"},
      {entra + "a@b,1,GEZDGNBVGY3TQOJ1,60,C,M\n", "file:2: the secret is neither base32 nor hexadecimal"},
      {entra + "a@b,2.60022E+12," + seed_base32 + ",60,C,M\n", "file:2: serial number \"2.60022E+12\": changed by a"},
      {entra + "a@b,-x," + seed_base32 + ",60,C,M\n", "file:2: serial number \"-x\": expected 1 to 64"},
      {entra + "a@b,../x," + seed_base32 + ",60,C,M\n", "file:2: serial number \"../x\": expected"},
      {entra + "a@b," + std::string(65, '1') + "," + seed_base32 + ",60,C,M\n", "expected 1 to 64"},
      {entra + "a@b,1," + seed_base32 + ",60,C,M\na@b,2," + seed_base32 + ",60,C,M\na@b,1," + seed_base32 + ",60,C,M\n",
       "file:4: serial number \"1\" stands already in line 2"},
      {entra + "a@b,\"1," + seed_base32 + ",60,C,M\n", "file:2: a quote is opened and never closed"},
      {entra + "a@b,\"1\"1," + seed_base32 + ",60,C,M\n", "file:2: text stands behind a closing quote"},
      {entra + "a@b,\"1\n2\"," + seed_base32 + ",60,C,M\n", "file:2: a cell is not plain text"},
      {entra + "a@b,1," + std::string(1100, 'A') + ",60,C,M\n", "file:2: a cell is longer than 1024"},
      {std::string(200, ','), "file:1: more than 64 cells"},
      {entra + std::string("a@b,1\0,x,60,C,M\n", 16), "file:1: the file is not text in UTF-8"},
      {entra + "a@b,1,\xff,60,C,M\n", "file:1: the file is not text in UTF-8"},
      {"PK\x03\x04 workbook", "file:1: a cell is not plain text"},
      {"serial,seed,secret key\n1,a,b\n", "file:1: the columns \"seed\" and \"secret key\" say the same"},
      {"upn,model,digits\na,b,6\n", "file:1: the heading has no column for serial number"},
      {"serial,secret,type\n1," + seed_hex + ",ocra\n", "file:2: type \"ocra\": expected totp or hotp"},
      {"serial,secret,type\n1," + seed_hex + ",pass\n", "file:2: type \"pass\": expected totp or hotp"},
      {"serial,secret,type,digits\n1," + seed_hex + ",totp,9\n", "file:2: digits: expected 6|7|8"},
      {"serial,secret,type,hash\n1," + seed_hex + ",totp,md5\n", "file:2: algorithm: expected sha1|sha256|sha512"},
      {"serial,secret,type,hash\n1," + seed_hex + ",hotp,sha256\n", "file:2: algorithm \"sha256\": expected sha1"},
      {"serial,secret,type,counter\n1," + seed_hex + ",hotp,-1\n", "file:2: counter \"-1\": expected a number"},
      {"serial,secret,type,counter\n1," + seed_hex + ",hotp,99999999999999999999\n", "expected a number from 0"},
      {"1,2,3,4,5,6\n", "file:1: 6 cells and no heading"},
      {"hello\n", "file:1: 1 cells and no heading"},
  };
  for (const auto& [text, words] : cases) refuses(text, words);
  refuses("serial,secret\n1," + seed_base32 + "\n", "file:1: not the heading of Entra ID", TokenForm::entra);
  refuses(entra + "a@b,1," + seed_hex + ",60,C,M\n", "file:2: the secret is not base32", TokenForm::entra);
  refuses(entra + "a@b,1," + seed_base32 + ",,C,M\n", "file:2: no time interval", TokenForm::entra);
  std::string many = entra;
  for (int i = 0; i < 1000; ++i) many += "x\n";
  const Reading reading = read(many);
  assert_int_equal(reading.problems.size(), most_problems + 1);
  assert_true(reading.problems.back().find("only the first 100") != std::string::npos);
}

std::string package(const std::string& inside,
                    const std::string& algorithm = "urn:ietf:params:xml:ns:keyprov:pskc:totp") {
  return "<KeyPackage><DeviceInfo><SerialNo>42</SerialNo></DeviceInfo>\n<Key Id=\"1\" Algorithm=\"" + algorithm +
         "\">" + inside + "</Key></KeyPackage>\n";
}

std::string container(const std::string& inside) {
  return "<?xml version=\"1.0\"?>\n<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\">\n" +
         inside + "</KeyContainer>\n";
}

const std::string plain_secret = "<Data><Secret><PlainValue>" + seed_base64 + "</PlainValue></Secret></Data>";

void plain_pskc(void**) {
  reads(container(package(plain_secret)), "3 42 totp 6 30 sha1 -1\n");
  reads(container(package("<AlgorithmParameters><Suite>HMAC-SHA256</Suite><ResponseFormat Length=\"8\" "
                          "Encoding=\"DECIMAL\"/></AlgorithmParameters><Data><Secret><PlainValue>\n " +
                          seed_base64 +
                          "\n</PlainValue></Secret><Time><PlainValue>0</PlainValue></Time><TimeInterval>"
                          "<PlainValue>60</PlainValue></TimeInterval></Data>")),
        "3 42 totp 8 60 sha256 -1\n");
  reads(container(package("<Data><Secret><PlainValue><!-- x --><![CDATA[" + seed_base64 +
                              "]]></PlainValue></Secret><Counter><PlainValue>5</PlainValue></Counter></Data>",
                          "urn:ietf:params:xml:ns:keyprov:pskc:hotp")),
        "3 42 hotp 6 - - 5\n");
  reads(
      "<?xml version=\"1.0\"?>\n<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\" "
      "xmlns:i=\"urn:i\" i:schemaLocation=\"x y\">" +
          package("<FriendlyName xml:lang=\"en\">x</FriendlyName>" + plain_secret +
                  "<Policy><ExpiryDate>2012-09-19T00:00:00.000+09:00</ExpiryDate></Policy>") +
          "</KeyContainer>",
      "2 42 totp 6 30 sha1 -1\n");
  const Reading pin = read(container(package(plain_secret) + package(plain_secret, "urn:x:pin")));
  assert_true(pin.problems.empty() && pin.tokens.size() == 1 && pin.notes.size() == 2);
  const Reading extended = read(container(package("<Extensions><x/></Extensions>" + plain_secret)));
  assert_true(extended.problems.empty() && extended.notes[0].find("file:4: <Extensions> is not read") == 0);
}

void hostile_pskc(void**) {
  const std::pair<std::string, std::string> cases[] = {
      {"<", "file:1: not well-formed XML"},
      {"<KeyContainer", "file:1: not well-formed XML"},
      {"<a/>", "file:1: not a PSKC file"},
      {"<KeyContainer Version=\"1.0\"/>", "file:1: not a PSKC file"},
      {"<KeyContainer Version=\"2.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\"/>", "PSKC version \"2.0\""},
      {container(""), "file:1: there is no token"},
      {container("<KeyPackage/>"), "file:3: no secret in this package"},
      {container("<KeyPackage><Key Id=\"7\"><Data><Secret><PlainValue>" + seed_base64 +
                 "</PlainValue></Secret></Data></Key></KeyPackage>"),
       "file:3: type \"\""},
      {"<!DOCTYPE x [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\n<x>&b;</x>",
       "file:1: the file has a document type"},
      {"<!DOCTYPE x SYSTEM \"file:///etc/passwd\">\n<x/>", "file:1: the file has a document type"},
      {container(package("<Data><Secret><PlainValue>&a;</PlainValue></Secret></Data>")), "file:4: not well-formed"},
      {container("<KeyPackage><DeviceInfo><Manufacturer/></DeviceInfo></KeyPackage>"),
       "file:3: <Manufacturer> is empty"},
      {container("<KeyPackage><DeviceInfo><Model> </Model></DeviceInfo></KeyPackage>"), "file:3: <Model> is empty"},
      {container("<KeyPackage><Key Colour=\"red\"/></KeyPackage>"), "file:3: <Key> has the attribute \"Colour\""},
      {"<KeyContainer Version=\"1.0\" Id=\"\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\"/>",
       "file:1: <KeyContainer> has the attribute \"Id\" without"},
      {container("<KeyPackage><DeviceInfo>x</DeviceInfo></KeyPackage>"), "file:3: <DeviceInfo> has text in it"},
      {container("<KeyPackage><Key Id=\"\"/></KeyPackage>"), "file:3: <Key> has the attribute \"Id\" without a value"},
      {container("<Colour>red</Colour>"), "file:3: <Colour> is no element of <KeyContainer>"},
      {container(package("<Policy><KeyUsage/></Policy>" + plain_secret)), "file:4: <KeyUsage> is empty"},
      {container(package("<Policy><KeyUsage>Encrypt</KeyUsage></Policy>" + plain_secret)), "not for one-time codes"},
      {container(package("<Data><Counter><PlainValue>-1</PlainValue></Counter></Data>")),
       "file:4: <PlainValue> is \"-1\""},
      {container(package("<Data><Counter><PlainValue>9<x/></PlainValue></Counter></Data>")), "has elements in it"},
      {container(package("<Data><Secret><PlainValue>*</PlainValue></Secret></Data>")),
       "file:4: the secret is not base64"},
      {container(package("<Data><Secret><PlainValue>QQ==</PlainValue></Secret></Data>")), "file:3: secret: 1 bytes"},
      {container(package("<Data/>")), "file:3: no secret in this package"},
      {container(package(plain_secret + plain_secret)), "file:4: <Data> stands twice"},
      {container(package(plain_secret) + package(plain_secret)),
       "file:5: serial number \"42\" stands already in line 3"},
      {container(package(plain_secret, "urn:x:ocra")), "file:3: type \"ocra\""},
      {container(
           package("<AlgorithmParameters><ResponseFormat Length=\"x\" Encoding=\"DECIMAL\"/></AlgorithmParameters>")),
       "file:4: <ResponseFormat> has Length \"x\": expected a number"},
      {container(package("<AlgorithmParameters><ResponseFormat Length=\"6\" Encoding=\"HEXADECIMAL\"/>"
                         "</AlgorithmParameters>" +
                         plain_secret)),
       "file:3: codes that are not decimal digits"},
  };
  for (const auto& [text, words] : cases) refuses(text, words);
  refuses("serial,secret\n", "file:1: not well-formed XML", TokenForm::pskc);
}

std::string vector_text(const std::string& name) {
  std::ifstream in(std::string(UTMFA_VECTORS "/pskc/") + name);
  std::string text(std::istreambuf_iterator<char>(in), {});
  assert_false(text.empty());
  return text;
}

std::string changed(std::string text, const std::string& from, const std::string& to) {
  assert_true(text.find(from) != text.npos);
  return text.replace(text.find(from), from.size(), to);
}

void encrypted_pskc(void**) {
  const std::string key = "12345678901234567890123456789012";
  const std::string preshared = vector_text("rfc6030-figure6.xml"), derived = vector_text("rfc6030-figure7.xml");
  const auto right = [](const std::string& text, std::string_view password, std::string_view line) {
    const Reading reading = read(text, TokenForm::found_out, {}, Secret(password));
    return told(reading) == std::string(line) + " 987654321 hotp 8 - - -1\n";
  };
  assert_true(right(preshared, key, "20"));
  assert_true(right(preshared, "EjRWeJASNFZ4kBI0VniQEg==", "20"));
  assert_true(right(derived, "qwerty", "37"));
  refuses(derived, "file:8: the file is encrypted: expected --password-file");
  for (const char* wrong : {"", "qwertz", "qwerty ", "QWERTY"})
    refuses(derived, "the password is not right, or the file is damaged", TokenForm::found_out,
            Secret(std::string_view(wrong)));
  refuses(preshared, "a key that was handed over", TokenForm::found_out, Secret(std::string_view("qwerty")));
  const std::pair<std::string, std::string> parts[][2] = {
      {{"oTvo+S22", "oTvo+S23"}, {"", "file:60: the MAC does not fit"}},
      {{"LP6xMvjt", "LP6xMvju"}, {"", "file:60: the MAC does not fit"}},
      {{"<IterationCount>1000", "<IterationCount>99999999999"}, {"", "file:16: iteration count: expected 1 to"}},
      {{"<IterationCount>1000", "<IterationCount>0"}, {"", "file:16: iteration count"}},
      {{"<KeyLength>16", "<KeyLength>1600000"}, {"", "file:17: key length: expected 16, 24 or 32"}},
      {{"<KeyLength>16", "<KeyLength>32"}, {"", "with a key of 32 bytes: expected 16"}},
      {{"Ej7/PEpyEpw=", "*"}, {"", "file:14: salt: expected base64"}},
      {{"<PRF/>", "<PRF Algorithm=\"#md5\"/>"}, {"", "<PRF> \"md5\": expected"}},
      {{"pkcs-5v2-0#pbkdf2", "pkcs-5v2-0#scrypt"}, {"", "expected pbkdf2"}},
      {{"#hmac-sha1", "#crc32"}, {"", "a MAC that is not known"}},
      {{"#aes128-cbc", "#rc4"}, {"", "encrypted by \"rc4\": expected aes128-cbc"}},
      {{"2GTTnLwM3I4e5IO5FkufoOEiOhNj91fhKRQBtBJYluUDsPOLTfUvoU2dStyOwYZx", "QUJD"},
       {"", "of a length that aes128-cbc never"}},
  };
  for (const auto& [edit, words] : parts)
    refuses(changed(derived, edit.first, edit.second), words.second, TokenForm::found_out,
            Secret(std::string_view("qwerty")));
  const std::size_t from = derived.find("<pskc:ValueMAC>"), to = derived.find("</pskc:Secret>");
  refuses(derived.substr(0, from) + derived.substr(to), "aes128-cbc without a MAC", TokenForm::found_out,
          Secret(std::string_view("qwerty")));
}

}  // namespace
}  // namespace utmfa

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(utmfa::tables_with_a_heading),
      cmocka_unit_test(utmfa::tables_without_a_heading),
      cmocka_unit_test(utmfa::logs_of_yubico),
      cmocka_unit_test(utmfa::hostile_tables),
      cmocka_unit_test(utmfa::plain_pskc),
      cmocka_unit_test(utmfa::hostile_pskc),
      cmocka_unit_test(utmfa::encrypted_pskc),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
