#pragma once

#include <array>
#include <optional>
#include <vector>

#include "maskbench/core/rng.h"
#include "maskbench/render/actor.h"

#include "experiments/training/eye_network/crop_eyewear.h"

namespace maskbench::training {

/// A picture before it is drawn.
struct CropFrame {
  ActorPose pose;
  Actor::Posed posed;
  std::array<double, 2> closure{};  ///< Of a blink, 0 … 1, by Side.
  double yaw_deg = 0, pitch_deg = 0;
  Lighting lighting;
  Background background;
  double focal_px = 1000;
  std::vector<Mesh> occluders;  ///< Camera frame.
  std::optional<Eyewear> glasses;
};

/// Draws pose, gaze, lids, light and what stands before the eyes. Lids, gaze and pose cover their
/// ranges evenly: MRD1 −3 … 8.5 mm, MRD2 2.5 … 8 mm, gaze ±35° by ±30°, yaw ±25°, pitch ±20°, roll
/// ±15°, protrusion 0 … 8 mm, irises 8 … 60 px wide (most 12 … 30).
CropFrame DrawFrame(const Actor& actor, NamedRandom* random);

/// Lids, gaze and blinks over the same ranges, all else the same in every frame: a resting face
/// straight before the camera in the flat light of an examination room, irises 20 px wide, nothing
/// before the eyes.
CropFrame DrawPlainFrame(const Actor& actor, NamedRandom* random);

}  // namespace maskbench::training
