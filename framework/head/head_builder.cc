#include "maskbench/head/head_builder.h"

#include "canonical_builder.h"
#include "parametric_builder.h"

namespace maskbench {

std::filesystem::path ParametricHeadFile(const std::filesystem::path& models_dir) {
  return models_dir / "head" / "parametric.mbhead";
}

std::filesystem::path CanonicalHeadFile(const std::filesystem::path& models_dir) {
  return models_dir / "head" / "canonical468.mbhead";
}

std::vector<HeadImportReport> ImportHeads(const std::filesystem::path& npm_root,
                                          const std::filesystem::path& models_dir) {
  return {ImportParametricHead(npm_root, models_dir), ImportCanonicalHead(npm_root, models_dir)};
}

}  // namespace maskbench
