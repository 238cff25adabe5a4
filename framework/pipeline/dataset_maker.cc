#include "maskbench/pipeline/dataset_maker.h"

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {

const DatasetMaker& FindDatasetMaker(const DatasetMakers& makers, const std::string& name) {
  std::string known;
  for (const auto& maker : makers) {
    if (maker->Name() == name) return *maker;
    known += (known.empty() ? "" : ", ") + maker->Name();
  }
  throw UsageError(
      fmt::format("\"{}\" is no data set that can be made; there is {}.", name, known));
}

}  // namespace maskbench
