#include "experiments/training/eye_network/crop_frame.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <Eigen/Geometry>

#include "maskbench/core/error.h"
#include "maskbench/head/lid_rig.h"

#include "datasets/virtual_clinic/contact_sheets.h"
#include "datasets/virtual_clinic/expression.h"
#include "experiments/training/eye_network/crop_people.h"

namespace maskbench::training {
namespace {

using virtual_clinic::ExpressionUnit;

constexpr double kPi = 3.14159265358979323846;
constexpr double kMrd1Mm[] = {-3.0, 8.5}, kMrd2Mm[] = {2.5, 8.0};
constexpr double kYawDeg = 25, kPitchDeg = 20, kRollDeg = 15;
constexpr double kAcrossDeg = 35, kUpDeg = 30;
// Share of frames as portraits are: face and eyes towards the camera, lids not far from usual.
constexpr double kPortrait = 0.2;
// Share of frames with all of both lids shut, and part of the way.
constexpr double kShut = 0.14, kBlinking = 0.12;
// Share of frames with glasses; of eyes with something before them.
constexpr double kGlasses = 0.15, kCovered = 0.09;
// Of plain frames.
constexpr double kPlainDistanceMm = 600, kPlainIrisPx = 20;
constexpr int kPlainRoom = 2;

struct Opening {
  double mrd1_mm, mrd2_mm;
};

Opening DrawOpening(NamedRandom* random, bool portrait) {
  Opening wanted{};
  wanted.mrd1_mm = portrait ? Between(random, 1.0, 6.5) : Between(random, kMrd1Mm[0], kMrd1Mm[1]);
  // What is nearly shut can be drawn by blinks as well.
  if (wanted.mrd1_mm < -1.5 && Chance(random, 0.4)) wanted.mrd1_mm = Between(random, 0, kMrd1Mm[1]);
  wanted.mrd2_mm = Chance(random, 0.5) ? Between(random, kMrd2Mm[0], kMrd2Mm[1])
                                       : std::clamp(Near(random, 5.0, 0.6), kMrd2Mm[0], kMrd2Mm[1]);
  // A lower lid drawn down under an upper one that droops is rare.
  if (wanted.mrd1_mm < 1) wanted.mrd2_mm = std::min(wanted.mrd2_mm, Between(random, 4.5, 7.0));
  // A slit at least: shut lids come from blinks.
  wanted.mrd2_mm = std::max(wanted.mrd2_mm, 0.3 - wanted.mrd1_mm);
  return wanted;
}

// Lids with the wanted opening, or as near to it as they can come.
LidPose Reach(const Actor& actor, Side side, const ActorPose& pose, Opening wanted) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    try {
      return actor.Lids(side, pose, wanted.mrd1_mm, wanted.mrd2_mm, Eigen::Vector3d::Zero());
    } catch (const DataError&) {
      wanted.mrd1_mm += 0.35 * (2.0 - wanted.mrd1_mm);
      wanted.mrd2_mm += 0.35 * (4.5 - wanted.mrd2_mm);
    }
  }
  return actor.RestingLids(side);
}

void DrawExpression(NamedRandom* random, ActorPose* pose) {
  pose->expression = virtual_clinic::RestingFace();
  const auto set = [&](const char* name, double value) {
    double& unit = pose->expression[ExpressionUnit(name)];
    unit = std::min(1.0, unit + value);
  };
  if (Chance(random, 0.3)) {
    const double squint = Between(random, 0.1, 0.9);
    for (const char* name : {"eye-left-slit", "eye-right-slit"})
      set(name, squint * Between(random, 0.7, 1.0));
  }
  if (Chance(random, 0.25)) {
    set("mouth-corner-puller", Between(random, 0.2, 1.0));
    set("nose-left-elevation", Between(random, 0.0, 0.5));
    set("nose-right-elevation", Between(random, 0.0, 0.5));
  }
  const double brows = random->Uniform();
  const bool one_sided = Chance(random, 0.25);
  const bool left = Chance(random, 0.5);
  const double size = Between(random, 0.15, 1.0);
  for (const bool is_left : {true, false}) {
    if (one_sided && is_left != left) continue;
    if (brows < 0.28) {
      set(is_left ? "eyebrows-left-down" : "eyebrows-right-down", size);
    } else if (brows < 0.45) {
      set(is_left ? "eyebrows-left-up" : "eyebrows-right-up", size);
    } else if (brows < 0.55) {
      set(is_left ? "eyebrows-left-inner-up" : "eyebrows-right-inner-up", size);
    } else if (brows < 0.65) {
      set(is_left ? "eyebrows-left-extern-up" : "eyebrows-right-extern-up", size);
    }
  }
}

// Visual axes, head frame: azimuth to the patient's left, elevation up.
std::array<Eigen::Vector2d, 2> DrawGaze(NamedRandom* random, const ActorPose& pose,
                                        const Actor& actor, bool portrait) {
  std::array<Eigen::Vector2d, 2> gaze;
  if (portrait || Chance(random, 0.25)) {
    // Into the camera, or near it.
    ActorPose looking = pose;
    const Eigen::Vector3d target(Near(random, 0, 40), Near(random, 0, 40), 0);
    for (Side side : kSides) {
      const size_t s = static_cast<size_t>(side);
      actor.Fixate(side, target, &looking);
      gaze[s] = {looking.eyes[s].azimuth_deg, looking.eyes[s].elevation_deg};
    }
  } else {
    const Eigen::Vector2d both(Between(random, -kAcrossDeg, kAcrossDeg),
                               Between(random, -kUpDeg, kUpDeg));
    gaze = {both, both};
    for (Side side : kSides) {
      const size_t s = static_cast<size_t>(side);
      const double nasal = side == Side::kLeft ? -1 : 1;
      gaze[s].x() -= nasal * actor.appearance().eyes[s].kappa_nasal_deg;  // Pupillary axes.
    }
  }
  if (portrait) return gaze;
  if (Chance(random, 0.2)) {
    const double nearer = Between(random, 0, 10);
    gaze[0].x() += nearer;
    gaze[1].x() -= nearer;
  }
  if (Chance(random, 0.3)) {
    const size_t s = random->Below(2);
    gaze[s] += Eigen::Vector2d(Between(random, -30, 30), Between(random, -12, 12));
  }
  for (Eigen::Vector2d& axis : gaze) {
    axis.x() = std::clamp(axis.x(), -42.0, 42.0);
    axis.y() = std::clamp(axis.y(), -33.0, 33.0);
  }
  return gaze;
}

void DrawEyes(const Actor& actor, bool portrait, NamedRandom* random, CropFrame* frame) {
  ActorPose& pose = frame->pose;
  const double forward = Chance(random, 0.4) ? Between(random, 0, 8) : 0;
  for (EyePose& eye : pose.eyes) {
    eye.protrusion_mm = Chance(random, 0.75)  ? forward
                        : Chance(random, 0.4) ? Between(random, 0, 8)
                                              : 0;
    eye.torsion_deg = Chance(random, 0.1) ? Near(random, 0, 5) : 0;
  }
  const auto gaze = DrawGaze(random, pose, actor, portrait);
  const bool coupled = Chance(random, 0.5), alike = Chance(random, portrait ? 0.8 : 0.5);
  Opening opening = DrawOpening(random, portrait);
  LidFollow follow;
  follow.upper_up = Between(random, 0.6, 1.0);
  follow.upper_down = Chance(random, 0.7) ? Between(random, 0.8, 1.0) : Between(random, 0.1, 0.8);
  follow.lower_up = Between(random, 0.2, 0.5);
  follow.lower_down = Between(random, 0.35, 0.75);
  const double flare = Chance(random, 0.2) ? Between(random, 0, 3) : 0;
  const bool flare_both = Chance(random, 0.6);
  for (Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    if (s == 1) {
      const Opening own = DrawOpening(random, portrait);
      if (!alike) opening = own;
    }
    pose.lids[s] = actor.RestingLids(side);
    pose.lids[s].lateral_flare_mm = s == 0 || flare_both ? flare : 0;
    if (coupled) {
      // Solved with the head upright and looking into the camera, as lids are measured.
      ActorPose primary = pose;
      primary.head = Pose::OfHead(0, 0, 0, pose.head.translation_mm);
      actor.Fixate(side, Eigen::Vector3d::Zero(), &primary);
      pose.lids[s] = FollowGaze(Reach(actor, side, primary, opening),
                                gaze[s].y() - primary.eyes[s].elevation_deg, follow);
      pose.eyes[s].azimuth_deg = gaze[s].x();
      pose.eyes[s].elevation_deg = gaze[s].y();
    } else {
      pose.eyes[s].azimuth_deg = gaze[s].x();
      pose.eyes[s].elevation_deg = gaze[s].y();
      pose.lids[s] = Reach(actor, side, pose, opening);
    }
  }
  const double shut = random->Uniform(), part = random->Uniform();
  const bool wink = Chance(random, 0.15);
  const size_t winking = random->Below(2);
  for (Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    double closure = shut < kShut ? 1.0 : shut < kShut + kBlinking ? part : 0.0;
    if (wink && s != winking) closure = 0;
    if (closure <= 0) continue;
    frame->closure[s] = closure;
    pose.lids[s] = CloseLids(pose.lids[s], closure, actor.ClosedHeightMm(side));
    // Eyes dip with a blink, and roll up behind lids that are held shut.
    pose.eyes[s].elevation_deg += closure * (Chance(random, 0.3) ? Between(random, 0, 15) : -2.0);
  }
}

Eigen::Vector3f LightColour(NamedRandom* random) {
  // Along the line from lamp to sky, and a little beside it.
  const double warm = Near(random, 0.1, 0.35);
  const double green = Near(random, 0, 0.04);
  return {static_cast<float>(std::max(0.05, 1 + 0.5 * warm)),
          static_cast<float>(std::max(0.05, 1 + 0.1 * warm + green)),
          static_cast<float>(std::max(0.05, 1 - 0.6 * warm))};
}

Eigen::Vector3f Towards(double azimuth_deg, double elevation_deg) {
  const double a = azimuth_deg * kPi / 180, e = elevation_deg * kPi / 180;
  return {static_cast<float>(std::sin(a) * std::cos(e)), static_cast<float>(-std::sin(e)),
          static_cast<float>(-std::cos(a) * std::cos(e))};
}

Lighting DrawLighting(NamedRandom* random) {
  Lighting lighting;
  if (Chance(random, 0.4)) {
    lighting = virtual_clinic::RoomLight(static_cast<int>(random->Below(3)));
    const double turn = Between(random, -0.9, 0.9);
    const auto c = static_cast<float>(std::cos(turn)), s = static_cast<float>(std::sin(turn));
    for (DirectionalLight& light : lighting.lights) {
      const Eigen::Vector3f from = light.direction;
      light.direction = {c * from.x() + s * from.z(), from.y(), c * from.z() - s * from.x()};
      light.radiance *= static_cast<float>(Between(random, 0.7, 1.3));
    }
    const auto room = static_cast<float>(BetweenLog(random, 0.5, 1.6));
    lighting.ambient_up *= room;
    lighting.ambient_down *= room;
  } else {
    DirectionalLight key, fill;
    key.casts_shadow = true;
    const bool behind = Chance(random, 0.08);
    const double azimuth =
        behind ? (Chance(random, 0.5) ? 1 : -1) * Between(random, 100, 160) : Near(random, 0, 40);
    key.direction = Towards(azimuth, Between(random, -20, 75));
    key.radiance = LightColour(random) * static_cast<float>(BetweenLog(random, 0.5, 2.6));
    key.wrap = static_cast<float>(Between(random, 0.0, 0.5));
    fill.direction = Towards(Between(random, -100, 100), Between(random, -30, 50));
    fill.radiance = LightColour(random) * static_cast<float>(BetweenLog(random, 0.05, 0.8));
    fill.wrap = static_cast<float>(Between(random, 0.2, 0.5));
    lighting.lights = {key, fill};
    if (Chance(random, 0.3)) {
      DirectionalLight third = fill;
      third.direction = Towards(Between(random, -160, 160), Between(random, -40, 70));
      third.radiance = LightColour(random) * static_cast<float>(BetweenLog(random, 0.05, 1.2));
      lighting.lights.push_back(third);
    }
    const auto ambient = static_cast<float>(BetweenLog(random, 0.12, 0.7));
    lighting.ambient_up = LightColour(random) * ambient;
    lighting.ambient_down =
        LightColour(random) * ambient * static_cast<float>(Between(random, 0.3, 1.0));
  }
  // The small light that the reflex comes from: at the camera, or somewhere in the room, or none.
  const double place = random->Uniform();
  const double x = Near(random, 0, 1), y = Near(random, 0, 1);
  const Eigen::Vector2d at =
      place < 0.45 ? Eigen::Vector2d(15 * x, 15 * y) : Eigen::Vector2d(170 * x, -60 + 130 * y);
  lighting.reflex_position_mm = {static_cast<float>(at.x()), static_cast<float>(at.y()), 0.0f};
  lighting.reflex_strength =
      Chance(random, 0.15) ? 0.0f : static_cast<float>(BetweenLog(random, 1.5, 14.0));
  return lighting;
}

Background DrawBackground(NamedRandom* random) {
  Background background;
  const double kind = random->Uniform();
  // Dark (also hair), bright, in between; mostly without much colour.
  const float level = kind < 0.4 ? 0.02f : kind < 0.55 ? 1.2f : 0.3f;
  const double colourful = Chance(random, 0.15) ? 1.0 : 0.2;
  for (int c = 0; c < 3; ++c)
    background.top[c] = level * static_cast<float>(std::exp(colourful * Near(random, 0, 0.4)));
  background.bottom = background.top * static_cast<float>(BetweenLog(random, 0.6, 1.6));
  return background;
}

// A flat thing in the camera frame: the spoon of a cover test, a card, a finger.
Mesh DrawOccluder(NamedRandom* random, const Eigen::Vector3d& eye_camera_mm,
                  const Eigen::Vector3d& other_camera_mm) {
  auto topology = std::make_shared<MeshTopology>();
  auto material = std::make_shared<Material>();
  const double kind = random->Uniform();
  double half_width = 32, half_height = 32;
  if (kind < 0.5) {
    const double level =
        Chance(random, 0.7) ? BetweenLog(random, 0.01, 0.05) : Between(random, 0.3, 0.8);
    material->albedo = Eigen::Vector3f::Constant(static_cast<float>(level));
    half_width = half_height = Between(random, 22, 36);
  } else if (kind < 0.75) {
    for (int c = 0; c < 3; ++c)
      material->albedo[c] = static_cast<float>(BetweenLog(random, 0.02, 0.8));
    half_width = Between(random, 15, 60);
    half_height = Between(random, 10, 40);
  } else {
    const auto level = static_cast<float>(BetweenLog(random, 0.1, 1.0));
    material->albedo = level * Eigen::Vector3f(0.55f, 0.32f, 0.23f);  // A finger or hand.
    half_width = Between(random, 8, 12);
    half_height = Between(random, 40, 70);
  }
  material->specular = static_cast<float>(Between(random, 0.1, 0.8));
  const bool round = kind < 0.5 || kind >= 0.75;
  const int corners = round ? 40 : 4;
  const double turn = kind < 0.5 ? 0 : Between(random, -kPi, kPi);
  Eigen::Vector2d shift(Near(random, 0, 14), Near(random, 0, 12));
  // Often its edge stands on the nose, close to the corner of the eye that is left free.
  if (Chance(random, 0.4)) {
    const Eigen::Vector2d across = (other_camera_mm - eye_camera_mm).head<2>();
    shift += across * Between(random, 0.0, 0.35);
  }
  const Eigen::Vector3d centre = eye_camera_mm -
                                 Between(random, 22, 60) * eye_camera_mm.normalized() +
                                 Eigen::Vector3d(shift.x(), shift.y(), 0);
  Mesh mesh;
  mesh.positions.push_back(centre.cast<float>());
  for (int k = 0; k < corners; ++k) {
    const double angle = 2 * kPi * (k + 0.5) / corners, reach = round ? 1.0 : std::sqrt(2.0);
    const double x = half_width * reach * std::cos(angle),
                 y = half_height * reach * std::sin(angle);
    const double bulge = kind >= 0.75 ? 4.0 : 0.0;  // Fingers are round.
    mesh.positions.push_back(
        (centre + Eigen::Vector3d(std::cos(turn) * x - std::sin(turn) * y,
                                  std::sin(turn) * x + std::cos(turn) * y, bulge))
            .cast<float>());
    topology->triangles.push_back({0, 1 + k, 1 + (k + 1) % corners});
    topology->parts.push_back(Part::kOccluder);
  }
  mesh.topology = topology;
  mesh.material = material;
  mesh.two_sided = true;
  mesh.casts_shadow = Chance(random, 0.6);
  return mesh;
}

}  // namespace

CropFrame DrawFrame(const Actor& actor, NamedRandom* random) {
  CropFrame frame;
  const bool portrait = Chance(random, kPortrait);
  const bool frontal = portrait || Chance(random, 0.25);
  frame.yaw_deg = frontal ? Near(random, 0, 4) : Between(random, -kYawDeg, kYawDeg);
  frame.pitch_deg = frontal ? Near(random, 0, 4) : Between(random, -kPitchDeg, kPitchDeg);
  const double roll =
      frontal || Chance(random, 0.4) ? Near(random, 0, 3) : Between(random, -kRollDeg, kRollDeg);
  const double distance = BetweenLog(random, 330, 1200);
  const double tan_x = Near(random, 0, 0.04), tan_y = Near(random, 0, 0.04);
  frame.pose.head = Pose::OfHead(frame.yaw_deg, frame.pitch_deg, roll,
                                 {tan_x * distance, tan_y * distance, distance});
  DrawExpression(random, &frame.pose);
  DrawEyes(actor, portrait, random, &frame);
  const double size = random->Uniform();
  const double iris_px = size < 0.25   ? BetweenLog(random, 8, 12)
                         : size < 0.90 ? BetweenLog(random, 12, 30)
                                       : BetweenLog(random, 30, 60);
  frame.focal_px = iris_px / (2 * actor.appearance().eyes[0].limbus_horizontal_mm) * distance;
  frame.lighting = DrawLighting(random);
  frame.background = DrawBackground(random);
  frame.posed = actor.Pose(frame.pose);
  const std::array<EyeState, 2>& eyes = frame.posed.eyes;
  if (Chance(random, kGlasses)) {
    float light = 0.5f * (frame.lighting.ambient_up + frame.lighting.ambient_down).mean();
    for (const DirectionalLight& source : frame.lighting.lights) light += source.radiance.mean();
    frame.glasses = DrawEyewear(random, {eyes[0].rest_centre_mm, eyes[1].rest_centre_mm}, light);
  }
  // One eye is covered at a time.
  if (Chance(random, 2 * kCovered)) {
    const size_t covered = random->Below(2);
    frame.occluders.push_back(DrawOccluder(random, frame.pose.head * eyes[covered].globe_centre_mm,
                                           frame.pose.head * eyes[1 - covered].globe_centre_mm));
  }
  return frame;
}

CropFrame DrawPlainFrame(const Actor& actor, NamedRandom* random) {
  CropFrame frame;
  frame.pose.head = Pose::OfHead(0, 0, 0, {0, 0, kPlainDistanceMm});
  frame.pose.expression = virtual_clinic::RestingFace();
  DrawEyes(actor, false, random, &frame);
  frame.focal_px =
      kPlainIrisPx / (2 * actor.appearance().eyes[0].limbus_horizontal_mm) * kPlainDistanceMm;
  frame.lighting = virtual_clinic::RoomLight(kPlainRoom);
  frame.posed = actor.Pose(frame.pose);
  return frame;
}

}  // namespace maskbench::training
