#include "maskbench/masking/mask_face.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <Eigen/Dense>
#include <Eigen/Geometry>
#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/reconstruct/eye_reader.h"
#include "maskbench/reconstruct/head_motion.h"
#include "maskbench/render/head_assets.h"
#include "maskbench/render/skin.h"

#include "mask_lids.h"

namespace maskbench {
namespace {

// Of the skin's textures: about 0.7 mm on the face, half a pixel of a near webcam.
constexpr int kSkinPx = 512;
// The patch: half axes and how far it stands before the globe's centre, mm.
constexpr float kPatchAcrossMm = 24, kPatchUpMm = 20, kPatchAheadMm = 30, kPatchBendMm = 50;
constexpr int kPatchRound = 40;
// Sizes in the picture are those of the iris, which lies before the globe's centre.
const double kIrisAheadMm = EyeShape().LimbusPointMm(0).z();
const Eigen::Vector3f kPatchGrey(0.035f, 0.035f, 0.035f), kClothesGrey(0.16f, 0.17f, 0.18f);

// The mesh network reads the mean face of the parametric head so much lower than it is held, chin
// down; mean over two masks of 480 frames, measured again [measured here]. Fitted heads of eight
// rendered people lay 3.1° off in the same way, when their meshes were compared with their own
// points.
constexpr double kParametricReadsDeg = -3.6;

/// Camera frame ↔ axes of the picture with y up and z towards the camera.
const Eigen::DiagonalMatrix<double, 3> kFlip(1, -1, -1);

SkinRecipe Skin() {
  SkinRecipe recipe = NeutralSkinRecipe();
  // Hair so short that it is painted ends the bald head's likeness to nobody in particular.
  recipe.scalp.density = 1;
  recipe.scalp.length_mm = 3;
  recipe.scalp.colour.melanin = 0.75;
  // Above the skin that moves with the lids, so that a low lid draws no brow down with it.
  recipe.brows.height_mm = 4.5;
  recipe.brows.thickness = 0.75;
  recipe.brows.hair_mm = 6.5;
  return recipe;
}

EyeRecipe Eyes() {
  EyeRecipe recipe;
  recipe.melanin = 0.55;
  recipe.lipochrome = 0.1;
  recipe.limbal_ring = 0.6;
  recipe.sclera_yellow = 0.1;
  recipe.redness = 0;
  recipe.seed = 0;
  return recipe;
}

/// Faces forwards on both sides, whose plates are mirror images.
std::shared_ptr<const MeshTopology> PatchTopology(Side side) {
  const auto make = [](bool mirrored) {
    auto made = std::make_shared<MeshTopology>();
    const auto add = [&](int a, int b, int c) {
      made->triangles.push_back(mirrored ? std::array<int, 3>{a, c, b}
                                         : std::array<int, 3>{a, b, c});
    };
    // Rings of a plate that bends back: middle, half way, edge.
    for (int k = 0; k < kPatchRound; ++k) {
      const int next = (k + 1) % kPatchRound;
      add(0, 1 + k, 1 + next);
      add(1 + k, 1 + kPatchRound + k, 1 + next);
      add(1 + next, 1 + kPatchRound + k, 1 + kPatchRound + next);
    }
    made->parts.assign(made->triangles.size(), Part::kOccluder);
    return std::shared_ptr<const MeshTopology>(made);
  };
  static const std::array<std::shared_ptr<const MeshTopology>, 2> topologies = {make(true),
                                                                                make(false)};
  return topologies[static_cast<size_t>(side)];
}

/// How the model's frame is pitched against that of the mesh's mean face, in which heads are
/// measured: radians, chin up.
double PitchOfModel(const HeadTopology& topology, const Eigen::Matrix3Xd& vertices,
                    const Eigen::Matrix3Xd& canonical) {
  std::vector<int> points;
  for (const int point : SkullPoints(canonical))
    if (topology.mesh468[static_cast<size_t>(point)]) points.push_back(point);
  Eigen::Matrix3Xd from(3, points.size()), to(3, points.size());
  for (size_t k = 0; k < points.size(); ++k) {
    const auto column = static_cast<Eigen::Index>(k);
    from.col(column) = Locate(*topology.mesh468[static_cast<size_t>(points[k])], vertices);
    to.col(column) = canonical.col(points[k]);
  }
  const Eigen::Matrix4d map = Eigen::umeyama(from, to, true);
  return -std::atan2(map(2, 1), map(1, 1));
}

/// What faces of one head model have in common, whatever their shape.
struct FaceParts {
  std::unique_ptr<const HeadModel> model;
  std::shared_ptr<const HeadRig> rig;
  std::shared_ptr<const Material> skin;
  std::shared_ptr<const EyeTextures> eyes;
  Eigen::MatrixXf expressions;    ///< DenseExpressions.
  Eigen::Matrix3Xd canonical_mm;  ///< CanonicalFace.
};

/// Made once per model: their textures take longer than a recording's face needs to be drawn.
std::shared_ptr<const FaceParts> PartsOf(const std::string& name,
                                         const std::filesystem::path& models_dir) {
  static std::mutex mutex;
  static std::map<std::pair<std::string, std::string>, std::shared_ptr<const FaceParts>> made;
  const std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<const FaceParts>& parts = made[{name, models_dir.string()}];
  if (parts) return parts;
  auto fresh = std::make_shared<FaceParts>();
  fresh->model = MakeHeadModel(name, models_dir);
  fresh->rig = MakeHeadRig(*fresh->model);
  BakedSkin skin = BakeSkin(Skin(), SkinGeometry(SkinSurfaceOf(*fresh->model)), {}, kSkinPx);
  skin.relief = nullptr;  // Even skin has none that a webcam would show.
  fresh->skin = SkinMaterial(skin, Skin().gloss);
  fresh->eyes = std::make_shared<EyeTextures>(Eyes());
  fresh->expressions = DenseExpressions(*fresh->model);
  fresh->canonical_mm = CanonicalFace(models_dir);
  return parts = fresh;
}

}  // namespace

MaskFace::MaskFace(const MaskHeader& header, const std::filesystem::path& models_dir) {
  const std::shared_ptr<const FaceParts> parts = PartsOf(header.model, models_dir);
  const HeadModel* const model = parts->model.get();
  if (static_cast<int>(header.identity.size()) > model->IdentityDims()) {
    throw DataError(fmt::format("the head model {} has {} identity coefficients, not {}.",
                                header.model, model->IdentityDims(), header.identity.size()));
  }
  const std::vector<std::string>& names = model->ExpressionNames();
  for (const std::string& name : header.expressions) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      throw DataError(
          fmt::format("the head model {} has no expression \"{}\".", header.model, name));
    }
    units_.push_back(static_cast<int>(found - names.begin()));
  }
  expression_count_ = static_cast<int>(names.size());
  Eigen::VectorXd identity(static_cast<Eigen::Index>(header.identity.size()));
  for (size_t k = 0; k < header.identity.size(); ++k)
    identity[static_cast<Eigen::Index>(k)] = header.identity[k];
  neutral_ = header.scale * model->Evaluate(identity, {});

  const std::shared_ptr<const HeadRig>& rig = parts->rig;
  Appearance look;
  look.skin = parts->skin;
  for (auto& textures : look.eye_textures) textures = parts->eyes;
  look.lashes->open_share = 0;  // Lids are read at their margins; nothing shall hide those.
  look.clothes = kClothesGrey;
  Eigen::MatrixXf expressions;
  if (!header.expressions.empty()) {
    expressions = static_cast<float>(header.scale) * parts->expressions;
  }
  actor_ = std::make_unique<Actor>(rig, neutral_, expressions, look);
  rest_ = rig->surface().Positions(neutral_);
  // Both mean faces are symmetric, so that nothing but a pitch can lie between them. A fitted one
  // stays upright as well: its vertical is that of the measured head.
  const double misread = (header.model == "parametric" ? kParametricReadsDeg : 0) / 57.29577951;
  face_from_model_ =
      Eigen::AngleAxisd(misread - PitchOfModel(rig->topology(), neutral_, parts->canonical_mm),
                        Eigen::Vector3d::UnitX())
          .toRotationMatrix();
  for (size_t s = 0; s < 2; ++s) centres_[s] = Locate(rig->topology().globe_centre[s], neutral_);
  // The mean's is the origin of the model's frame.
  if (!header.identity.empty()) between_ = 0.5 * (centres_[0] + centres_[1]);
}

MaskFace::Posed MaskFace::Pose(const MaskHeader& header, const MaskFrame& frame) const {
  Posed posed;
  Camera& camera = posed.camera;
  camera.width_px = header.picture_px.width;
  camera.height_px = header.picture_px.height;
  camera.focal_px = header.focal_px;
  camera.principal_px = {(camera.width_px - 1) / 2.0, (camera.height_px - 1) / 2.0};

  // The head is turned against the line from the camera to it: that is what the picture shows.
  const Eigen::Vector3d ray = camera.Ray({frame.place_px.x, frame.place_px.y});
  const double px_per_mm = std::max(1e-3, frame.px_per_mm);
  const double depth_mm = header.focal_px / px_per_mm + kIrisAheadMm;
  ActorPose& pose = posed.pose;
  pose.head =
      maskbench::Pose::OfHead(frame.yaw_deg, frame.pitch_deg, frame.roll_deg, depth_mm * ray);
  const Eigen::Matrix3d turn = pose.head.rotation;
  pose.head.rotation =
      Eigen::Quaterniond::FromTwoVectors(Eigen::Vector3d::UnitZ(), ray).toRotationMatrix() * turn *
      face_from_model_;
  pose.head.translation_mm -= pose.head.rotation * between_;
  const PictureAxes axes(camera, pose.head, turn, px_per_mm);
  Eigen::Matrix3Xd rest_now;
  if (!units_.empty()) {
    pose.expression = Eigen::VectorXd::Zero(expression_count_);
    for (size_t k = 0; k < units_.size(); ++k) pose.expression[units_[k]] = frame.expression[k];
    rest_now = actor_->rig().surface().Positions(actor_->ModelVertices(pose.expression));
  }
  const Eigen::Matrix3Xd& drawn = units_.empty() ? rest_ : rest_now;

  const LidRig& rig = actor_->rig().lids();
  const Eigen::Matrix3d to_head = pose.head.rotation.transpose();
  const Eigen::Vector3d camera_mm = to_head * -pose.head.translation_mm;
  for (const Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    const MaskEye& seen = frame.eyes[s];
    const EyeShape& shape = actor_->appearance().eyes[s];
    EyePose& eye = pose.eyes[s];
    LidPose& lids = pose.lids[s];

    posed.patched[s] = seen.status == MaskEyeStatus::kNotSeen;
    // Not even the bulge of its cornea shows where an eye that was not seen might look.
    const bool turns = header.stages.eyeball && !posed.patched[s];
    Eigen::Vector3d visual = Eigen::Vector3d::UnitZ();
    if (turns) {
      // The light stands at the camera, as the recording's is taken to.
      const Eigen::Vector2d straight =
          GazeAngles(kFlip * (pose.head.rotation * (camera_mm - centres_[s])));
      visual = to_head * (kFlip * GazeDirection(straight.x() + seen.azimuth_deg,
                                                straight.y() + seen.elevation_deg));
    }
    const bool naive = turns && !header.stages.retargeting;
    const Eigen::Vector2d axis = naive ? Eigen::Vector2d(seen.azimuth_deg, seen.elevation_deg)
                                       : PupillaryAnglesFor(shape, side, visual);
    eye.azimuth_deg = axis.x();
    eye.elevation_deg = axis.y();

    const LidPose rest = actor_->RestingLids(side);
    lids = rest;
    if (posed.patched[s] || (header.stages.eyelid && seen.status == MaskEyeStatus::kShut)) {
      lids = CloseLids(rest, 1, actor_->ClosedHeightMm(side));
    } else if (header.stages.eyelid && !header.stages.retargeting) {
      lids.upper_mm = seen.mrd1_mm;
      lids.lower_mm = seen.mrd2_mm;
    } else if (header.stages.eyelid) {
      if (const std::optional<LidPose> solved =
              SolveLidsInPicture(rig, side, shape, eye, seen.mrd1_mm, seen.mrd2_mm, rest,
                                 centres_[s], drawn, camera_mm, axes)) {
        lids = *solved;
      } else {
        // Heights above the globe's centre instead of ones about the reflex' own column.
        const Eigen::Matrix3d eye_turn = EyeRotation(eye.azimuth_deg, eye.elevation_deg);
        const Eigen::Vector3d at_camera = eye_turn.transpose() * (camera_mm - centres_[s]);
        const double reflex_mm = (eye_turn * CornealReflexMm(shape, at_camera, at_camera)).y();
        lids.upper_mm = std::clamp(reflex_mm + seen.mrd1_mm, -11.0, 11.0);
        lids.lower_mm = std::clamp(seen.mrd2_mm - reflex_mm, -lids.upper_mm, 11.0);
        posed.unreached[s] = true;
      }
    }
  }
  return posed;
}

Mesh MaskFace::Patch(Side side, const maskbench::Pose& head) const {
  static const std::shared_ptr<const Material> material = [] {
    auto made = std::make_shared<Material>();
    made->albedo = kPatchGrey;
    made->specular = 0;
    made->roughness = 1;
    return made;
  }();
  Mesh mesh;
  mesh.topology = PatchTopology(side);
  mesh.material = material;
  mesh.two_sided = true;
  const size_t s = static_cast<size_t>(side);
  const Eigen::Matrix3f rotation = head.rotation.cast<float>();
  const Eigen::Vector3f middle = (head * centres_[s]).cast<float>();
  const float temporal = side == Side::kLeft ? 1.0f : -1.0f;
  const auto add = [&](float across, float up) {
    // Bends back towards the temple and away from the nose alike.
    const float back = (across * across + up * up) / (2 * kPatchBendMm);
    mesh.positions.push_back(
        rotation * Eigen::Vector3f(temporal * across, up, kPatchAheadMm - back) + middle);
  };
  add(0, 0);
  for (const float share : {0.6f, 1.0f}) {
    for (int k = 0; k < kPatchRound; ++k) {
      const float angle = 2 * 3.14159265f * static_cast<float>(k) / kPatchRound;
      add(share * kPatchAcrossMm * std::cos(angle), share * kPatchUpMm * std::sin(angle));
    }
  }
  const Eigen::Vector3f out = rotation.col(2);
  mesh.normals.assign(mesh.positions.size(), out);
  return mesh;
}

}  // namespace maskbench
