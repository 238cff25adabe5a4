#include "maskbench/core/secret.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/input_file.h"

#include "nn/expect_error.h"

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Safe {
  Secret secret;
  SecretFile secret_file;
  InputFile file;

  static const OptionTable<Safe>& Options() {
    static const auto table = OptionTable<Safe>()
                                  .Add("secret", &Safe::secret, "What only the owner knows.")
                                  .Add("secret_file", &Safe::secret_file, "The same in a file.")
                                  .Add("file", &Safe::file, "A file.");
    return table;
  }
};

Json Complete(const Json& json) {
  Problems problems;
  const Json complete = Safe::Options().ToJson(Safe::Options().Parse(json, "", &problems));
  EXPECT_THAT(problems.lines(), IsEmpty());
  return complete;
}

std::vector<std::string> ProblemsOf(const Json& json) {
  Problems problems;
  Safe::Options().Parse(json, "", &problems);
  return problems.lines();
}

constexpr char kText[] = "correct horse battery";

TEST(Secret, IsWrittenAsAFingerprint) {
  const Json complete = Complete({{"secret", kText}});
  EXPECT_THAT(complete.dump(), Not(HasSubstr("horse")));
  // PBKDF2-HMAC-SHA-256 of the text, computed with Python's hashlib.
  EXPECT_EQ(complete["secret"], "fingerprint:683c16c5adee5fa9");
  EXPECT_EQ(complete["secret_file"], "");
  // What was written reads as the same.
  EXPECT_EQ(Complete(complete), complete);
  EXPECT_NE(Complete({{"secret", "correct horse batterx"}}), complete);
}

TEST(Secret, FileGivesTheSameSecretWithoutItsLineEnd) {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "secret";
  WriteFileAtomically(file, std::string("  ") + kText + "\r\n");
  const Json complete = Complete({{"secret_file", file}});
  EXPECT_EQ(complete["secret_file"], "fingerprint:683c16c5adee5fa9");
  EXPECT_THAT(complete.dump(), Not(HasSubstr(file)));
}

TEST(Secret, DerivesByPurpose) {
  const Secret secret = Secret::FromText(kText);
  // HMAC-SHA-256 under the stretched secret, computed with Python's hashlib and hmac.
  EXPECT_EQ(secret.Derive("face of the institution"),
            "4c04a13a765318e7399fe588db49a24ae42d64e84e390215c372f76b4ddf7022");
  EXPECT_NE(secret.Derive("another"), secret.Derive("face of the institution"));
  // What was read back from its fingerprint gives the same in the process that knows it.
  EXPECT_EQ(Secret::FromWritten(secret.Written()).Derive("another"), secret.Derive("another"));
}

TEST(Secret, OfAnotherProcessIsNotAtHand) {
  const Secret stored = Secret::FromWritten("fingerprint:0123456789abcdef");
  ExpectDataError([&] { stored.Derive("a"); }, {"fingerprint:0123456789abcdef", "not at hand"});
  ExpectDataError([] { Secret().Derive("a"); }, {"not at hand"});
}

TEST(Secret, ProblemsDoNotRepeatIt) {
  EXPECT_THAT(ProblemsOf({{"secret", "tooshort"}}),
              ElementsAre(HasSubstr("shorter than 12 characters")));
  EXPECT_THAT(ProblemsOf({{"secret", 123456789012345}}), ElementsAre(HasSubstr("must be text")));
  EXPECT_THAT(ProblemsOf({{"secret_file", "not a file but a secret"}}),
              ElementsAre(HasSubstr("cannot be read")));
  for (const Json& json : {Json{{"secret", "tooshort"}}, Json{{"secret", 123456789012345}},
                           Json{{"secret", Json::array({"hidden in a list"})}},
                           Json{{"secret_file", "not a file but a secret"}}}) {
    for (const std::string& line : ProblemsOf(json)) {
      EXPECT_THAT(line, Not(HasSubstr("tooshort")));
      EXPECT_THAT(line, Not(HasSubstr("12345678")));
      EXPECT_THAT(line, Not(HasSubstr("hidden")));
      EXPECT_THAT(line, Not(HasSubstr("not a file")));
    }
  }
}

TEST(InputFile, IsWrittenWithItsHashAndHeldToIt) {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "a";
  WriteFileAtomically(file, "abc");
  const Json complete = Complete({{"file", file}});
  EXPECT_EQ(complete["file"],
            (Json{{"file", file},
                  {"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}}));
  EXPECT_EQ(Complete(complete), complete);
  Problems problems;
  const InputFile read = Safe::Options().Parse(complete, "", &problems).file;
  EXPECT_EQ(read.Read(), "abc");
  WriteFileAtomically(file, "abd");
  ExpectDataError([&] { read.Read(); }, {file, "has changed"});
  EXPECT_NE(Complete({{"file", file}}), complete);
  // A folder that was copied without the file can still be read.
  std::filesystem::remove(file);
  EXPECT_EQ(Complete(complete), complete);
}

TEST(InputFile, RefusesWhatIsNoFile) {
  EXPECT_THAT(ProblemsOf({{"file", "/nowhere/at/all"}}),
              ElementsAre(HasSubstr("/nowhere/at/all, which cannot be read")));
  EXPECT_THAT(ProblemsOf({{"file", 3}}), ElementsAre(HasSubstr("path of a file")));
  EXPECT_THAT(ProblemsOf({{"file", {{"file", "a"}}}}), ElementsAre(HasSubstr("path of a file")));
  EXPECT_EQ(Complete(Json::object())["file"], "");
}

}  // namespace
}  // namespace maskbench
