#pragma once

#include <string>

#include "maskbench/core/option_table.h"

namespace maskbench {

/// A file that shapes what a component gives. Options keep its SHA-256 beside its path, so that
/// another content is another option, in cache keys as well.
struct InputFile {
  std::string path;    ///< Relative to the working folder; empty: none.
  std::string sha256;  ///< When it was named.

  bool empty() const { return path.empty(); }
  /// Its content. Throws DataError where it cannot be read or has changed since it was named.
  std::string Read() const;
};

/// Read from a path, or from what was written: {"file": path, "sha256": …}.
template <>
struct OptionCodec<InputFile> {
  static std::string TypeName() { return "file"; }
  static bool Read(const Json& json, const std::string& path, const OptionRule& rule,
                   InputFile* value, Problems* problems);
  static Json Write(const InputFile& value);
  static Json Schema(const OptionRule&);
};

}  // namespace maskbench
