#include "datasets/virtual_clinic/contact_sheets.h"
#include "maskbench/pipeline/dataset_maker.h"

namespace maskbench {
namespace {

class VirtualClinic : public DatasetMaker {
 public:
  std::string Name() const override { return "virtual_clinic"; }
  std::string Summary() const override {
    return "Rendered patients with known identity and known signs; no real people.";
  }
  std::vector<std::filesystem::path> DrawSheets(const Places& places, std::uint64_t seed,
                                                const std::filesystem::path& folder,
                                                const Progress& progress) const override {
    const virtual_clinic::Studio studio(places.models_dir, places.npm_dir);
    return virtual_clinic::DrawContactSheets(
        studio, seed, folder, [&](int done, int total) { progress(done, total, "drawing"); });
  }
};

}  // namespace

void RegisterVirtualClinic(DatasetMakers* makers) {
  makers->push_back(std::make_unique<VirtualClinic>());
}

}  // namespace maskbench
