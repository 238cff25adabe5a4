#include "maskbench/core/input_file.h"

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"

namespace maskbench {

std::string InputFile::Read() const {
  std::string bytes = ReadFile(path);
  if (Sha256OfBytes(bytes) != sha256) {
    throw DataError(fmt::format("{} has changed since it was named as an option.", path));
  }
  return bytes;
}

bool OptionCodec<InputFile>::Read(const Json& json, const std::string& path, const OptionRule&,
                                  InputFile* value, Problems* problems) {
  if (json.is_object() && json.size() == 2 && json.contains("file") && json["file"].is_string() &&
      json.contains("sha256") && json["sha256"].is_string()) {
    *value = {json["file"].get<std::string>(), json["sha256"].get<std::string>()};
    return true;
  }
  if (!json.is_string()) {
    option_internal::WrongType(path, "the path of a file", json, problems);
    return false;
  }
  *value = {json.get<std::string>(), ""};
  if (value->empty()) return true;
  try {
    value->sha256 = Sha256OfBytes(ReadFile(value->path));
  } catch (const DataError&) {
    problems->Add(path, fmt::format("names {}, which cannot be read", value->path));
    return false;
  }
  return true;
}

Json OptionCodec<InputFile>::Write(const InputFile& value) {
  if (value.empty()) return "";
  return {{"file", value.path}, {"sha256", value.sha256}};
}

Json OptionCodec<InputFile>::Schema(const OptionRule&) {
  const Json text = {{"type", "string"}};
  return {{"anyOf", Json::array({text,
                                 {{"type", "object"},
                                  {"properties", {{"file", text}, {"sha256", text}}},
                                  {"required", {"file", "sha256"}},
                                  {"additionalProperties", false}}})}};
}

}  // namespace maskbench
