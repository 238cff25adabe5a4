// The average of at least k people of a gallery: k-Same (Newton, Sweeney & Malin, IEEE TKDE 17:232,
// 2005) on the head model's shapes. docs/digital_mask.md says what that guarantees and what not.
#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/masking/face_policy.h"
#include "maskbench/masking/shape_gallery.h"

namespace maskbench {
namespace {

std::string NameOf(const HeadModel& model) {
  const std::string name = model.Name();
  return name.substr(0, name.find('/'));
}

FaceShape Choose(const FacePolicySource& source) {
  const InputFile& file = source.options.gallery;
  const std::string model = NameOf(source.model);
  ShapeGallery gallery =
      file.empty() ? DrawnGallery(model, std::min(kShapeDims, source.model.IdentityDims()))
                   : ParseGallery(file.Read(), file.path);
  if (gallery.model != model) {
    throw DataError(fmt::format("{} has shapes of the head model {}, not of {}.", file.path,
                                gallery.model, model));
  }
  for (const GalleryShape& shape : gallery.people) {
    if (static_cast<int>(shape.identity.size()) > source.model.IdentityDims()) {
      throw DataError(fmt::format("{} has a shape of {} coefficients; the head model {} has {}.",
                                  file.path, shape.identity.size(), model,
                                  source.model.IdentityDims()));
    }
  }
  // Clusters depend on who is in the gallery, not on the order of its file.
  std::sort(gallery.people.begin(), gallery.people.end(),
            [](const GalleryShape& a, const GalleryShape& b) {
              return std::tie(a.identity, a.scale, a.patient) <
                     std::tie(b.identity, b.scale, b.patient);
            });
  const ShapeSpace space(source.model, source.model.IdentityDims());
  Eigen::MatrixXd vectors(space.VectorOf({}, 1).size(),
                          static_cast<Eigen::Index>(gallery.people.size()));
  for (size_t i = 0; i < gallery.people.size(); ++i) {
    vectors.col(static_cast<Eigen::Index>(i)) =
        space.VectorOf(gallery.people[i].identity, gallery.people[i].scale);
  }
  const std::vector<int> cluster_of = KSameClusters(vectors, source.options.k);
  std::map<int, std::vector<const GalleryShape*>> clusters;
  int own = -1;
  for (size_t i = 0; i < cluster_of.size(); ++i) {
    clusters[cluster_of[i]].push_back(&gallery.people[i]);
    if (!source.patient_id.empty() && gallery.people[i].patient == source.patient_id)
      own = cluster_of[i];
  }
  const bool member = own >= 0;
  GalleryShape face;
  if (member) {
    face = ShapeSpace::MeanOf(clusters[own]);
  } else {
    const FaceShape patient = ShapeOf(source.patient);
    const Eigen::VectorXd here = space.VectorOf(patient.identity, patient.scale);
    double nearest = std::numeric_limits<double>::infinity();
    for (const auto& [cluster, people] : clusters) {
      const GalleryShape mean = ShapeSpace::MeanOf(people);
      const double distance = (space.VectorOf(mean.identity, mean.scale) - here).norm();
      if (distance < nearest) {
        nearest = distance;
        own = cluster;
        face = mean;
      }
    }
  }
  FaceShape shape;
  shape.identity = face.identity;
  shape.scale = face.scale;
  shape.notes = {{"gallery_people", gallery.people.size()},
                 {"gallery_faces", clusters.size()},
                 {"people_of_this_face", clusters[own].size()},
                 {"patient_in_gallery", member}};
  return shape;
}

}  // namespace

FacePolicy KSamePolicy() {
  return {"k_same", "the average of at least k people of a gallery, whose face they share", true,
          Choose};
}

}  // namespace maskbench
