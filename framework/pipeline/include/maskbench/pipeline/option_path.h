#pragma once

#include <string>

#include "maskbench/core/json.h"

namespace maskbench {

/// What stands at "a.b.c" in a configuration; what is not there yet is made on the way. List
/// entries are named by index or by their "name" or "type". @param who  begins messages, e.g.
/// "--set a.b". Throws UsageError.
Json& OptionAt(const std::string& path, const std::string& who, Json* config);

}  // namespace maskbench
