#include "maskbench/head/canonical_head.h"

#include <utility>

#include "maskbench/head/head_builder.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/head/linear_head_model.h"

#include "head_file.h"
#include "topology_io.h"

namespace maskbench {

std::unique_ptr<HeadModel> LoadCanonicalHeadModel(const std::filesystem::path& path) {
  const HeadFile file = HeadFile::Read(path);
  LinearHeadData data;
  data.name = "canonical468/1";
  data.topology = GetTopology(file);
  const Eigen::Index rows = 3 * static_cast<Eigen::Index>(data.topology.vertex_count);
  const std::vector<float> mean = file.Get<float>("identity_mean", rows);
  data.mean = Eigen::Map<const Eigen::VectorXf>(mean.data(), rows);
  const std::vector<float> identity = file.Get<float>("identity_basis");
  data.identity = Eigen::Map<const Eigen::MatrixXf>(
      identity.data(), rows, static_cast<Eigen::Index>(identity.size()) / rows);
  data.expression_names = file.GetTexts("expression_names");
  const auto expressions = static_cast<Eigen::Index>(data.expression_names.size());
  const std::vector<float> expression = file.Get<float>("expression_basis", rows * expressions);
  data.expression = Eigen::Map<const Eigen::MatrixXf>(expression.data(), rows, expressions);
  const std::vector<float> range = file.Get<float>("expression_range", 2 * expressions);
  for (size_t i = 0; i < data.expression_names.size(); ++i) {
    data.expression_range.emplace_back(range[2 * i], range[2 * i + 1]);
  }
  return std::make_unique<LinearHeadModel>(std::move(data));
}

void RegisterCanonicalHead(std::vector<HeadModelEntry>* models) {
  models->push_back({"canonical468", "face of MediaPipe Face Mesh with smooth random identities",
                     [](const std::filesystem::path& models_dir) {
                       return LoadCanonicalHeadModel(CanonicalHeadFile(models_dir));
                     }});
}

}  // namespace maskbench
