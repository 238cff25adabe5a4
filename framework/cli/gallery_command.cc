// `gallery`: shapes of a run's subjects, for masks that show averages of them.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/masking/mask_parameters.h"
#include "maskbench/masking/masker.h"
#include "maskbench/masking/shape_gallery.h"
#include "maskbench/pipeline/run_folder.h"

#include "commands.h"

namespace maskbench {
namespace fs = std::filesystem;

int GalleryCommand(const Program& program, const GalleryArguments& arguments) {
  const RunDescription run = ReadRunDescription(arguments.run, *program.components);
  std::map<std::string, std::string> id_of;  // Anonymous id of each recording.
  for (const Node& node : run.plan.nodes) id_of[node.recording] = node.anonymous_id;
  ShapeGallery gallery;
  std::map<std::string, std::vector<GalleryShape>> shapes_of;
  for (const std::string& id : run.plan.recordings) {
    const LabelledRecording& recording = *run.dataset.FindRecording(id);
    const std::string& split = run.dataset.FindSubject(recording.subject)->split;
    if (arguments.split != "all" && split != arguments.split) continue;
    const fs::path file = arguments.masks / (id_of[id] + ".mask");
    if (!fs::exists(file)) continue;
    const MaskHeader header = ReadMaskParameters(file).header;
    if (header.policy != "fitted") {
      throw DataError(
          fmt::format("{} shows a face of policy {}; shapes of people are those of "
                      "policy fitted.",
                      file.string(), header.policy));
    }
    if (!gallery.model.empty() && gallery.model != header.model) {
      throw DataError(fmt::format("{} has a shape of the head model {}, others of {}.",
                                  file.string(), header.model, gallery.model));
    }
    gallery.model = header.model;
    shapes_of[recording.subject].push_back({"", header.identity, header.scale});
  }
  for (const auto& [subject, shapes] : shapes_of) {
    std::vector<const GalleryShape*> all;
    for (const GalleryShape& shape : shapes) all.push_back(&shape);
    GalleryShape mean = ShapeSpace::MeanOf(all);
    mean.patient = AnonymousPatient(subject);
    gallery.people.push_back(std::move(mean));
  }
  if (gallery.people.empty()) {
    throw DataError(fmt::format("{} holds no file of parameters of the run's recordings.",
                                arguments.masks.string()));
  }
  std::sort(gallery.people.begin(), gallery.people.end(),
            [](const GalleryShape& a, const GalleryShape& b) { return a.patient < b.patient; });
  if (arguments.to.has_parent_path()) fs::create_directories(arguments.to.parent_path());
  WriteFileAtomically(arguments.to, SerialiseGallery(gallery));
  fmt::print("{}: shapes of {} people, head model {}.\n", arguments.to.string(),
             gallery.people.size(), gallery.model);
  return kExitDone;
}

}  // namespace maskbench
