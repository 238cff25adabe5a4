#include "datasets/virtual_clinic/contact_sheets.h"

#include <algorithm>

#include <opencv2/core.hpp>

#include "maskbench/render/renderer.h"
#include "maskbench/render/sensor.h"

#include "datasets/virtual_clinic/expression.h"
#include "datasets/virtual_clinic/sheet_drawing.h"
#include "datasets/virtual_clinic/sign_sheets.h"

namespace maskbench::virtual_clinic {
namespace {

constexpr double kDistanceMm = 650;

// One picture of a sheet.
struct Shot {
  const Actor* actor = nullptr;
  ActorPose pose;
  double mrd1_mm = 4.0, mrd2_mm = 5.2;  // Unless `closure` is given.
  std::optional<double> left_mrd1_mm;   // Where the left eye differs.
  double flare_mm = 0;
  double closure = 0;
  Lighting lighting = RoomLight(0);
  // Closer than the whole head: this side's eye fills the picture.
  std::optional<Side> eye;
  std::string caption;
};

ActorPose Facing(double yaw_deg, double pitch_deg, double roll_deg = 0) {
  ActorPose pose;
  pose.head = Pose::OfHead(yaw_deg, pitch_deg, roll_deg, {0, 22, kDistanceMm});
  return pose;
}

// Both visual axes into the camera.
void LookIntoCamera(Shot* shot) {
  for (Side side : kSides) shot->actor->Fixate(side, Eigen::Vector3d::Zero(), &shot->pose);
}

cv::Mat Draw(Shot shot, int width, int height, std::int64_t number, Renderer* renderer) {
  Scene scene;
  scene.lighting = shot.lighting;
  scene.camera.width_px = width;
  scene.camera.height_px = height;
  scene.camera.focal_px = 2.25 * height;
  scene.camera.principal_px = {(width - 1) / 2.0, (height - 1) / 2.0};
  for (Side side : kSides) {
    const int s = static_cast<int>(side);
    shot.pose.lids[s] = shot.actor->RestingLids(side);
    shot.pose.lids[s].lateral_flare_mm = shot.flare_mm;
    const bool differs = side == Side::kLeft && shot.left_mrd1_mm;
    shot.pose.lids[s] =
        shot.actor->Lids(side, shot.pose, differs ? *shot.left_mrd1_mm : shot.mrd1_mm, shot.mrd2_mm,
                         scene.lighting.reflex_position_mm.cast<double>());
    shot.pose.lids[s] =
        CloseLids(shot.pose.lids[s], shot.closure, shot.actor->ClosedHeightMm(side));
  }
  const Actor::Posed posed = shot.actor->Pose(shot.pose);
  if (shot.eye) {
    scene.camera.focal_px *= 4;
    const EyeState& eye = posed.eyes[static_cast<int>(*shot.eye)];
    const Eigen::Vector2d at =
        scene.camera.Project(shot.pose.head * (eye.globe_centre_mm + Eigen::Vector3d(0, 0, 12)));
    scene.camera.principal_px *= 2;
    scene.camera.principal_px -= at;
  }
  shot.actor->AddTo(shot.pose, posed, &scene);
  const RenderedFrame frame = renderer->Render(scene);
  cv::Mat picture = Develop(frame.linear, SensorRecipe(), 1, number);
  if (!shot.caption.empty()) DrawCaption(shot.caption, {5, height - 6}, 0.36, &picture);
  return picture;
}

class Sheet {
 public:
  Sheet(int columns, int width, int height) : columns_(columns), width_(width), height_(height) {}
  void Add(const Shot& shot) { shots_.push_back(shot); }
  size_t size() const { return shots_.size(); }
  void Write(const std::filesystem::path& file, const std::function<void()>& tick) const {
    const int rows = (static_cast<int>(shots_.size()) + columns_ - 1) / columns_;
    cv::Mat sheet(rows * height_, columns_ * width_, CV_8UC3, cv::Scalar(255, 255, 255));
    Renderer renderer;
    for (size_t k = 0; k < shots_.size(); ++k) {
      const int row = static_cast<int>(k) / columns_, column = static_cast<int>(k) % columns_;
      Draw(shots_[k], width_, height_, static_cast<std::int64_t>(k), &renderer)
          .copyTo(sheet(cv::Rect(column * width_, row * height_, width_, height_)));
      tick();
    }
    WriteSheet(sheet, file);
  }

 private:
  int columns_, width_, height_;
  std::vector<Shot> shots_;
};

std::string Number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

}  // namespace

Lighting RoomLight(int kind) {
  Lighting light;
  DirectionalLight key, fill;
  key.casts_shadow = true;
  switch (kind) {
    case 0:  // A window to the left of the picture, a bright room.
      key.direction = Eigen::Vector3f(-0.55f, -0.60f, -0.75f).normalized();
      key.radiance = {1.45f, 1.42f, 1.38f};
      key.wrap = 0.25f;
      fill.direction = Eigen::Vector3f(0.8f, -0.1f, -0.6f).normalized();
      fill.radiance = {0.38f, 0.40f, 0.44f};
      fill.wrap = 0.45f;
      break;
    case 1:  // A warm lamp to the right, little else.
      key.direction = Eigen::Vector3f(0.85f, -0.45f, -0.45f).normalized();
      key.radiance = {1.9f, 1.65f, 1.30f};
      key.wrap = 0.1f;
      fill.direction = Eigen::Vector3f(-0.7f, 0.0f, -0.7f).normalized();
      fill.radiance = {0.16f, 0.18f, 0.22f};
      fill.wrap = 0.5f;
      light.ambient_up = {0.20f, 0.20f, 0.22f};
      light.ambient_down = {0.10f, 0.10f, 0.10f};
      break;
    default:  // Flat light of an examination room.
      key.direction = Eigen::Vector3f(0.0f, -0.75f, -0.65f).normalized();
      key.radiance = {0.95f, 0.97f, 1.0f};
      key.wrap = 0.45f;
      fill.direction = Eigen::Vector3f(0.0f, 0.2f, -1.0f).normalized();
      fill.radiance = {0.5f, 0.5f, 0.5f};
      fill.wrap = 0.5f;
      light.ambient_up = {0.45f, 0.46f, 0.48f};
      light.ambient_down = {0.28f, 0.28f, 0.28f};
      break;
  }
  light.lights = {key, fill};
  return light;
}

std::vector<std::filesystem::path> DrawContactSheets(
    const Studio& studio, std::uint64_t seed, const std::filesystem::path& folder,
    const std::function<void(int, int)>& progress) {
  std::filesystem::create_directories(folder);
  std::vector<std::shared_ptr<const Actor>> people;
  constexpr int kPeople = 40;
  // 40 people are cast, then drawn; then the states and close-ups.
  int done = 0, total = 2 * kPeople + 100;
  const auto tick = [&] { progress(std::min(++done, total), total); };
  for (int k = 0; k < kPeople; ++k) {
    const std::string id = "s" + std::to_string(k);
    people.push_back(studio.Cast(DrawSubject(studio.head(), seed, id, EvenStratum(seed, k))));
    tick();
  }

  Sheet heads(8, 170, 180);
  for (int k = 0; k < kPeople; ++k) {
    Shot shot;
    shot.actor = people[static_cast<size_t>(k)].get();
    shot.pose = Facing((k * 7 % 5 - 2) * 6.0, (k * 3 % 5 - 2) * 2.0);
    LookIntoCamera(&shot);
    heads.Add(shot);
  }

  const Actor* one = people[4].get();
  Sheet states(8, 170, 180);
  const auto add = [&](const std::string& caption, const std::function<void(Shot*)>& change) {
    Shot shot;
    shot.actor = one;
    shot.pose = Facing(0, 0);
    shot.caption = caption;
    LookIntoCamera(&shot);
    change(&shot);
    states.Add(shot);
  };
  for (double closure : {0.0, 0.25, 0.5, 0.75, 1.0})
    add(Number("closure %.2f", closure), [&](Shot* s) { s->closure = closure; });
  for (double mrd1 : {6.5, 2.0, 0.0})
    add(Number("MRD1 %.1f mm", mrd1), [&](Shot* s) { s->mrd1_mm = mrd1; });
  for (const auto& [azimuth, elevation] : std::vector<std::pair<double, double>>{
           {-30, 0}, {30, 0}, {0, 25}, {0, -30}, {-25, 20}, {25, -25}})
    add("gaze " + std::to_string(static_cast<int>(azimuth)) + " " +
            std::to_string(static_cast<int>(elevation)),
        [azimuth = azimuth, elevation = elevation](Shot* s) {
          for (EyePose& eye : s->pose.eyes) {
            eye.azimuth_deg += azimuth;
            eye.elevation_deg += elevation;
          }
          const LidPose lids = FollowGaze({4.0, 5.2, 0}, elevation);
          // MRD1 counts from the reflex, which stays near the cornea's centre.
          s->mrd1_mm = lids.upper_mm - 5.3 * std::sin(elevation * 0.01745);
          s->mrd2_mm = lids.lower_mm + 5.3 * std::sin(elevation * 0.01745);
        });
  for (double protrusion : {4.0, 8.0})
    add(Number("protrusion %.0f mm", protrusion), [&](Shot* s) {
      for (EyePose& eye : s->pose.eyes) eye.protrusion_mm = protrusion;
      s->mrd1_mm = 4.0 + protrusion * 0.25;
    });
  const auto express = [&](const std::string& name,
                           const std::vector<std::pair<std::string, double>>& units) {
    add(name, [&](Shot* s) {
      s->pose.expression = RestingFace();
      for (const auto& [unit, value] : units) s->pose.expression[ExpressionUnit(unit)] = value;
    });
  };
  express("smile", {{"mouth-corner-puller", 0.9}});
  express("mouth open", {{"mouth-open", 0.8}});
  express("brows up", {{"eyebrows-left-up", 0.8},
                       {"eyebrows-right-up", 0.8},
                       {"eyebrows-left-inner-up", 0.5},
                       {"eyebrows-right-inner-up", 0.5}});
  express("brows down", {{"eyebrows-left-down", 0.9}, {"eyebrows-right-down", 0.9}});
  express("pursed", {{"mouth-pursing", 0.8}});
  for (double yaw : {-60.0, -30.0, 30.0})
    add(Number("yaw %.0f", yaw), [&](Shot* s) { s->pose.head = Facing(yaw, 0).head; });
  for (double pitch : {-20.0, 20.0})
    add(Number("pitch %.0f", pitch), [&](Shot* s) { s->pose.head = Facing(0, pitch).head; });
  for (int light : {0, 1, 2})
    add("light " + std::to_string(light + 1), [&](Shot* s) { s->lighting = RoomLight(light); });
  add("squint, left 20",
      [&](Shot* s) { s->pose.eyes[static_cast<int>(Side::kLeft)].azimuth_deg -= 20; });
  add("left ptosis", [&](Shot* s) { s->left_mrd1_mm = 0.5; });
  add("flare, retraction", [&](Shot* s) {
    s->mrd1_mm = 6.0;
    s->flare_mm = 1.5;
  });

  Sheet eyes(6, 230, 170);
  for (size_t k = 0; k < 18; ++k) {
    Shot shot;
    shot.actor = people[k * 2 + k % 2].get();
    shot.pose = Facing(0, 0);
    LookIntoCamera(&shot);
    shot.eye = k % 3 == 0 ? Side::kRight : Side::kLeft;
    if (k >= 12) {
      const size_t state = k - 12;
      shot.actor = people[4 + 3 * state].get();
      if (state == 0) shot.closure = 1;
      if (state == 1) shot.mrd1_mm = 1;
      if (state == 2) shot.mrd1_mm = 6.5;
      if (state == 3)
        for (EyePose& eye : shot.pose.eyes) eye.azimuth_deg += 25;
      if (state == 4)
        for (EyePose& eye : shot.pose.eyes) eye.protrusion_mm = 6;
      if (state == 5) shot.pose.head = Facing(-40, 0).head;
      const char* names[] = {"closed",  "MRD1 1 mm",       "MRD1 6.5 mm",
                             "gaze 25", "protrusion 6 mm", "yaw -40"};
      shot.caption = names[state];
    }
    eyes.Add(shot);
  }
  total = kPeople + static_cast<int>(heads.size() + states.size() + eyes.size()) + kSignSheetTicks;
  std::vector<std::filesystem::path> files = {folder / "heads.jpg", folder / "states.jpg",
                                              folder / "eyes.jpg"};
  heads.Write(files[0], tick);
  states.Write(files[1], tick);
  eyes.Write(files[2], tick);
  for (const auto& file : DrawSignSheets(studio, seed, folder, tick)) files.push_back(file);
  return files;
}

}  // namespace maskbench::virtual_clinic
