#include "maskbench/core/secret.h"

#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"

namespace maskbench {
namespace {

constexpr char kWritten[] = "fingerprint:";
constexpr size_t kFingerprintDigits = 16, kKeyDigits = 64;
constexpr int kRounds = 100'000;
constexpr char kSalt[] = "maskbench secret";

/// What this process was told. Never written anywhere.
struct Known {
  std::mutex mutex;
  std::map<std::string, std::string> key_by_written;
  std::map<std::string, std::string> written_by_text;  ///< By the text's SHA-256.
};

Known& KnownSecrets() {
  static auto* const known = new Known();
  return *known;
}

bool ReadText(const Json& json, const std::string& path, const char* expected, std::string* text,
              Problems* problems) {
  if (json.is_string()) {
    *text = json.get<std::string>();
    return true;
  }
  // Not what it is: that may be the secret.
  problems->Add(path, fmt::format("must be text, {}", expected));
  return false;
}

bool Accept(const std::string& text, const std::string& path, Secret* value, Problems* problems) {
  if (text.size() < Secret::kFewestCharacters) {
    problems->Add(path,
                  fmt::format("is shorter than {} characters, so that it could be found by trying",
                              Secret::kFewestCharacters));
    return false;
  }
  *value = Secret::FromText(text);
  return true;
}

}  // namespace

Secret Secret::FromText(const std::string& text) {
  Known& known = KnownSecrets();
  const std::lock_guard<std::mutex> lock(known.mutex);
  std::string& written = known.written_by_text[Sha256OfBytes(text)];
  if (written.empty()) {
    const std::string bytes = StretchedSha256(text, kSalt, kRounds, 40);
    written = kWritten + bytes.substr(kKeyDigits, kFingerprintDigits);
    known.key_by_written[written] = bytes.substr(0, kKeyDigits);
  }
  return FromWritten(written);
}

Secret Secret::FromWritten(const std::string& written) {
  Secret secret;
  secret.written_ = written;
  return secret;
}

bool Secret::IsWritten(const std::string& text) {
  const size_t start = sizeof(kWritten) - 1;
  return text.rfind(kWritten, 0) == 0 && text.size() == start + kFingerprintDigits &&
         text.find_first_not_of("0123456789abcdef", start) == std::string::npos;
}

std::string Secret::Derive(const std::string& purpose) const {
  Known& known = KnownSecrets();
  const std::lock_guard<std::mutex> lock(known.mutex);
  const auto found = known.key_by_written.find(written_);
  if (found == known.key_by_written.end()) {
    throw DataError(fmt::format(
        "the secret with {} is not at hand: only its fingerprint was stored, so name it again.",
        empty() ? "no name" : written_));
  }
  return HmacSha256(found->second, purpose);
}

bool OptionCodec<Secret>::Read(const Json& json, const std::string& path, const OptionRule&,
                               Secret* value, Problems* problems) {
  std::string text;
  if (!ReadText(json, path, "in quotes where it is a number", &text, problems)) return false;
  if (text.empty() || Secret::IsWritten(text)) {
    *value = Secret::FromWritten(text);
    return true;
  }
  return Accept(text, path, value, problems);
}

bool OptionCodec<SecretFile>::Read(const Json& json, const std::string& path, const OptionRule&,
                                   SecretFile* value, Problems* problems) {
  std::string file;
  if (!ReadText(json, path, "the path of a file", &file, problems)) return false;
  if (file.empty() || Secret::IsWritten(file)) {
    value->secret = Secret::FromWritten(file);
    return true;
  }
  std::string text;
  try {
    text = ReadFile(file);
  } catch (const DataError&) {
    problems->Add(path, "names a file that cannot be read");
    return false;
  }
  constexpr char kSpace[] = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  text = first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  return Accept(text, path, &value->secret, problems);
}

}  // namespace maskbench
