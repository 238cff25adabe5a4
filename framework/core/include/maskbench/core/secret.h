#pragma once

#include <string>

#include "maskbench/core/option_table.h"

namespace maskbench {

/// Something that only its owner may know, given as an option. Its text is forgotten as soon as it
/// was read: the process keeps what PBKDF2-HMAC-SHA-256 (RFC 8018, 100 000 rounds) makes of it, and
/// wherever options are written stands a fingerprint. Options that were read back from there give
/// numbers again only in a process that was told the secret as well.
class Secret {
 public:
  static constexpr size_t kFewestCharacters = 12;

  Secret() = default;
  /// @param text  at least kFewestCharacters. Equal texts give equal secrets in every process.
  static Secret FromText(const std::string& text);
  /// A secret as Written() gives it.
  static Secret FromWritten(const std::string& written);
  /// Whether a text is what Written() gives, and not a secret itself.
  static bool IsWritten(const std::string& text);

  bool empty() const { return written_.empty(); }
  /// "fingerprint:" and 16 hexadecimal digits, or "" without a secret: tells secrets apart. Who
  /// guesses a secret can see by it that the guess was right.
  const std::string& Written() const { return written_; }
  /// 64 hexadecimal digits for a purpose, from which neither the secret nor what it gives for
  /// another purpose can be told. Throws DataError where the secret is not at hand.
  std::string Derive(const std::string& purpose) const;

 private:
  std::string written_;
};

/// The same out of a file: its content without white space at its ends.
struct SecretFile {
  Secret secret;
};

template <>
struct OptionCodec<Secret> {
  static std::string TypeName() { return "secret text"; }
  static bool Read(const Json& json, const std::string& path, const OptionRule& rule, Secret* value,
                   Problems* problems);
  static Json Write(const Secret& value) { return value.Written(); }
  static Json Schema(const OptionRule&) { return {{"type", "string"}}; }
};

template <>
struct OptionCodec<SecretFile> {
  static std::string TypeName() { return "file with a secret"; }
  static bool Read(const Json& json, const std::string& path, const OptionRule& rule,
                   SecretFile* value, Problems* problems);
  static Json Write(const SecretFile& value) { return value.secret.Written(); }
  static Json Schema(const OptionRule&) { return {{"type", "string"}}; }
};

}  // namespace maskbench
