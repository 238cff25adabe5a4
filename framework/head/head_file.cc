#include "head_file.h"

#include <cstring>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"

namespace maskbench {
namespace {

namespace fs = std::filesystem;

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the file format is little endian");

constexpr std::string_view kMagic = "MBHEAD01";  // The last two digits are the format's version.
constexpr size_t kAlignment = 8;

size_t ElementSize(char type) {
  switch (type) {
    case 'b':
      return 1;
    case 'h':
    case 'H':
      return 2;
    case 'i':
    case 'f':
      return 4;
    default:
      return 0;
  }
}

template <class T>
void Append(T value, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Reads numbers and texts off the front; every failure means that the file was cut short.
class Cursor {
 public:
  Cursor(std::string_view bytes, const std::string& origin) : bytes_(bytes), origin_(origin) {}

  std::string_view Take(std::uint64_t size) {
    if (size > bytes_.size() - position_) {
      throw DataError(fmt::format("{} is cut short: it ends at byte {}.", origin_, bytes_.size()));
    }
    const std::string_view taken = bytes_.substr(position_, size);
    position_ += size;
    return taken;
  }
  template <class T>
  T Number() {
    T value;
    std::memcpy(&value, Take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  void Align() { Take((kAlignment - position_ % kAlignment) % kAlignment); }
  size_t position() const { return position_; }

 private:
  std::string_view bytes_;
  const std::string& origin_;
  size_t position_ = 0;
};

fs::path ManifestOf(fs::path file) { return file.replace_extension(".json"); }

}  // namespace

HeadFile HeadFile::Read(const fs::path& file) {
  const fs::path manifest_file = ManifestOf(file);
  if (!fs::exists(file) || !fs::exists(manifest_file)) {
    throw DataError(
        fmt::format("{} does not exist; `maskbench models import` makes it from the fetched "
                    "packages.",
                    (fs::exists(file) ? manifest_file : file).string()));
  }
  std::string bytes = ReadFile(file);
  std::string expected;
  try {
    expected = ReadJsonFile(manifest_file).at("file_sha256").get<std::string>();
  } catch (const Json::exception&) {
    throw DataError(fmt::format("{} does not say the SHA-256 of {}.", manifest_file.string(),
                                file.filename().string()));
  }
  // Before the hash, so that a file of another version is called that and not damaged.
  if (bytes.substr(0, kMagic.size()) != kMagic) return Parse(std::move(bytes), file.string());
  const std::string got = Sha256OfBytes(bytes);
  if (got != expected) {
    throw DataError(fmt::format("{} is damaged: its SHA-256 is {}…, the manifest says {}….",
                                file.string(), got.substr(0, 12), expected.substr(0, 12)));
  }
  return Parse(std::move(bytes), file.string());
}

HeadFile HeadFile::Parse(std::string bytes, const std::string& origin) {
  HeadFile file;
  file.origin_ = origin;
  file.bytes_ = std::move(bytes);
  const std::string_view start = std::string_view(file.bytes_).substr(0, kMagic.size());
  if (start != kMagic) {
    const bool other_version = start.size() == kMagic.size() && start.substr(0, 6) == "MBHEAD";
    throw DataError(
        other_version
            ? fmt::format("{} has format version {}, this program reads version {}; import the "
                          "models again.",
                          origin, start.substr(6), kMagic.substr(6))
            : fmt::format("{} is no head file: it does not start with {}.", origin, kMagic));
  }
  Cursor cursor(file.bytes_, file.origin_);
  cursor.Take(kMagic.size());
  const auto section_count = cursor.Number<std::uint32_t>();
  for (std::uint32_t i = 0; i < section_count; ++i) {
    const std::string name(cursor.Take(cursor.Number<std::uint16_t>()));
    Section section;
    section.type = cursor.Number<char>();
    const size_t element_size = ElementSize(section.type);
    if (element_size == 0) {
      throw DataError(
          fmt::format("{} has an array \"{}\" of an unknown type.", file.origin_, name));
    }
    const auto count = cursor.Number<std::uint64_t>();
    if (count > file.bytes_.size()) {
      throw DataError(fmt::format("{} is cut short within \"{}\".", file.origin_, name));
    }
    cursor.Align();
    section.offset = cursor.position();
    section.size = cursor.Take(count * element_size).size();
    section.count = count;
    file.sections_[name] = std::move(section);
  }
  return file;
}

std::string HeadFile::Serialise() const {
  std::string bytes(kMagic);
  Append(static_cast<std::uint32_t>(sections_.size()), &bytes);
  for (const auto& [name, section] : sections_) {
    Append(static_cast<std::uint16_t>(name.size()), &bytes);
    bytes += name;
    bytes += section.type;
    Append(static_cast<std::uint64_t>(section.count), &bytes);
    bytes.resize((bytes.size() + kAlignment - 1) / kAlignment * kAlignment, '\0');
    bytes += section.owned.empty() ? bytes_.substr(section.offset, section.size) : section.owned;
  }
  return bytes;
}

void HeadFile::Write(const fs::path& file, Json manifest) const {
  const std::string bytes = Serialise();
  manifest["file_bytes"] = bytes.size();
  manifest["file_sha256"] = Sha256OfBytes(bytes);
  fs::create_directories(file.parent_path());
  // The manifest goes last: while it is missing or old, the file is made again.
  std::error_code ignored;
  fs::remove(ManifestOf(file), ignored);
  WriteFileAtomically(file, bytes);
  WriteJsonFile(ManifestOf(file), manifest);
}

void HeadFile::PutTexts(const std::string& name, const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += text + '\n';
  PutBytes(name, 'b', 1, joined);
}

std::vector<std::string> HeadFile::GetTexts(const std::string& name) const {
  std::string_view joined = GetBytes(name, 'b', -1);
  std::vector<std::string> texts;
  for (size_t end; (end = joined.find('\n')) != std::string_view::npos;
       joined.remove_prefix(end + 1)) {
    texts.emplace_back(joined.substr(0, end));
  }
  return texts;
}

void HeadFile::PutBytes(const std::string& name, char type, size_t element_size,
                        std::string_view bytes) {
  Section section;
  section.type = type;
  section.owned = std::string(bytes);
  section.size = bytes.size();
  section.count = bytes.size() / element_size;
  sections_[name] = std::move(section);
}

std::string_view HeadFile::GetBytes(const std::string& name, char type, std::int64_t count) const {
  const auto found = sections_.find(name);
  if (found == sections_.end()) {
    throw DataError(fmt::format("{} has no array \"{}\".", origin_, name));
  }
  const Section& section = found->second;
  if (section.type != type) {
    throw DataError(fmt::format("{} holds \"{}\" as type '{}' instead of '{}'.", origin_, name,
                                section.type, type));
  }
  const auto held = static_cast<std::int64_t>(section.count);
  if (count >= 0 && held != count) {
    throw DataError(
        fmt::format("{} holds {} values of \"{}\" instead of {}.", origin_, held, name, count));
  }
  return section.owned.empty() ? std::string_view(bytes_).substr(section.offset, section.size)
                               : std::string_view(section.owned);
}

void HeadFile::CopyTo(std::string_view bytes, void* target) {
  if (!bytes.empty()) std::memcpy(target, bytes.data(), bytes.size());
}

}  // namespace maskbench
