#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "maskbench/core/json.h"

namespace maskbench {

/// Named arrays in one file (`.mbhead`): see docs/head_models.md for the layout. The JSON manifest
/// of the same stem beside it holds the file's SHA-256 and says what it was made from.
class HeadFile {
 public:
  /// Reads a file and checks it against its manifest. Throws DataError that names the file.
  static HeadFile Read(const std::filesystem::path& file);
  /// Parses the bytes of a file; `origin` names them in messages.
  static HeadFile Parse(std::string bytes, const std::string& origin);
  /// Writes the file, then the manifest with the file's size and SHA-256 added.
  void Write(const std::filesystem::path& file, Json manifest) const;
  std::string Serialise() const;

  template <class T>
  void Put(const std::string& name, const std::vector<T>& values) {
    PutBytes(name, TypeCode<T>(), sizeof(T),
             {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
  }
  /// Texts must not hold line feeds.
  void PutTexts(const std::string& name, const std::vector<std::string>& texts);

  /// An array; throws DataError when it is absent, of another type or, if `count` ≥ 0, of another
  /// length.
  template <class T>
  std::vector<T> Get(const std::string& name, std::int64_t count = -1) const {
    const std::string_view bytes = GetBytes(name, TypeCode<T>(), count);
    std::vector<T> values(bytes.size() / sizeof(T));
    CopyTo(bytes, values.data());
    return values;
  }
  std::vector<std::string> GetTexts(const std::string& name) const;
  bool Has(const std::string& name) const { return sections_.count(name) != 0; }
  /// For messages of those who interpret the content.
  const std::string& origin() const { return origin_; }

 private:
  struct Section {
    char type;
    std::string owned;  ///< Of sections that were put,
    size_t offset = 0;  ///< else a part of bytes_.
    size_t size = 0;    ///< Bytes.
    size_t count = 0;   ///< Values.
  };

  template <class T>
  static constexpr char TypeCode() {
    if constexpr (std::is_same_v<T, std::uint8_t>)
      return 'b';
    else if constexpr (std::is_same_v<T, std::int16_t>)
      return 'h';
    else if constexpr (std::is_same_v<T, std::uint16_t>)
      return 'H';
    else if constexpr (std::is_same_v<T, std::int32_t>)
      return 'i';
    else {
      static_assert(std::is_same_v<T, float>, "not a type of the file format");
      return 'f';
    }
  }
  void PutBytes(const std::string& name, char type, size_t element_size, std::string_view bytes);
  std::string_view GetBytes(const std::string& name, char type, std::int64_t count) const;
  static void CopyTo(std::string_view bytes, void* target);

  std::map<std::string, Section> sections_;
  std::string bytes_;
  std::string origin_ = "a head in memory";
};

}  // namespace maskbench
