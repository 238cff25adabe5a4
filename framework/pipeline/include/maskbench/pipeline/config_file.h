#pragma once

#include <filesystem>

#include "maskbench/core/json.h"

namespace maskbench {

/// Reads a run configuration with all that it inherits by "base": the path of another one, relative
/// to the file's own folder. What the file says itself is merged over its base as RFC 7396 (JSON
/// Merge Patch) has it: objects key by key, anything else, lists among them, replaces, and null
/// removes. A base may have a base. Paths that start at a configuration's folder (the manifest,
/// replaced networks, folders of `premade` variants) are turned so that they start at this file's.
/// The result has neither "base" nor a "$schema".
/// Throws UsageError that names the file: unreadable, no object, a base that is no text, a circle.
Json ReadConfigFile(const std::filesystem::path& file);

}  // namespace maskbench
