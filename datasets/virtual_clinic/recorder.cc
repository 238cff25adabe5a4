#include "datasets/virtual_clinic/recorder.h"

#include <cmath>
#include <fstream>

#include "maskbench/core/error.h"
#include "maskbench/core/hash.h"
#include "maskbench/media/video_writer.h"
#include "maskbench/render/renderer.h"

namespace maskbench::virtual_clinic {
namespace {

// A value of the truth: rounded, so that files stay small; NaN becomes null.
Json Rounded(double value, double step) {
  if (!std::isfinite(value)) return nullptr;
  return static_cast<float>(std::round(value / step) * step);
}

const char* ToText(Ancestry ancestry) {
  switch (ancestry) {
    case Ancestry::kAfrican:
      return "african";
    case Ancestry::kAsian:
      return "asian";
    case Ancestry::kCaucasian:
      return "caucasian";
  }
  return "";
}

// Everything that a recording needs to be drawn.
struct Stage {
  Patient patient;
  Session session;
  std::array<EyeShape, 2> eyes;
  std::shared_ptr<const Actor> actor;
  std::unique_ptr<Examination> examination;

  Stage(const Studio& studio, const RecordingPlan& plan) {
    patient = PatientOf(plan);
    session = DrawSession(plan.seed, plan.subject_id, plan.number, plan.width_px, plan.height_px);
    Subject subject = SubjectOf(studio, plan, patient);
    subject.head.weight = std::clamp(subject.head.weight + session.weight_change, -1.0, 1.0);
    subject.clothes = session.clothes;
    eyes = subject.eyes;
    actor = studio.Cast(subject, plan.skin_px, session.hair_cut_mm);
    examination = std::make_unique<Examination>(
        *actor, patient, session, plan.seed,
        plan.signs_id.empty() ? plan.recording_id
                              : plan.signs_id + " " + std::to_string(plan.number),
        plan.seconds, plan.rate_hz);
  }

  Scene SceneOf(const ExamFrame& frame, const Actor::Posed& posed) const {
    Scene scene;
    scene.camera = session.camera;
    scene.lighting = session.lighting;
    scene.background = session.background;
    actor->AddTo(frame.pose, posed, &scene);
    if (frame.occluder.shown) scene.meshes.push_back(OccluderMesh(frame.occluder));
    return scene;
  }
};

// Columns of one eye's truth; names carry the unit.
class EyeColumns {
 public:
  void Add(const EyeFrameTruth& eye, const ExamFrame& frame, int side) {
    const auto put = [&](const char* name, double value, double step) {
      columns_[name].push_back(Rounded(value, step));
    };
    const EyeMeasures& m = eye.measures;
    put("mrd1_mm", m.mrd1_mm, 1e-3);
    put("mrd2_mm", m.mrd2_mm, 1e-3);
    put("pfh_mm", m.pfh_mm, 1e-3);
    put("upper_from_pupil_mm", m.upper_from_pupil_mm, 1e-3);
    put("lower_from_pupil_mm", m.lower_from_pupil_mm, 1e-3);
    put("superior_show_mm", m.superior_show_mm, 1e-3);
    put("inferior_show_mm", m.inferior_show_mm, 1e-3);
    put("protrusion_mm", m.protrusion_mm, 1e-3);
    put("visual_axis_azimuth_deg", eye.visual_axis_head_deg.x(), 1e-3);
    put("visual_axis_elevation_deg", eye.visual_axis_head_deg.y(), 1e-3);
    put("pupillary_axis_azimuth_deg", eye.pupillary_axis_head_deg.x(), 1e-3);
    put("pupillary_axis_elevation_deg", eye.pupillary_axis_head_deg.y(), 1e-3);
    put("nystagmus_azimuth_deg", frame.nystagmus_deg[side].x(), 1e-3);
    put("nystagmus_elevation_deg", frame.nystagmus_deg[side].y(), 1e-3);
    put("closure", frame.closure[side], 1e-3);
    put("iris_visible", eye.iris_visible, 1e-3);
    put("iris_x_px", eye.iris.centre_px.x(), 1e-2);
    put("iris_y_px", eye.iris.centre_px.y(), 1e-2);
    put("iris_major_px", eye.iris.radii_px.x(), 1e-2);
    put("iris_minor_px", eye.iris.radii_px.y(), 1e-2);
    put("iris_angle_rad", eye.iris.angle_rad, 1e-3);
    put("pupil_x_px", eye.pupil.centre_px.x(), 1e-2);
    put("pupil_y_px", eye.pupil.centre_px.y(), 1e-2);
    put("pupil_major_px", eye.pupil.radii_px.x(), 1e-2);
    put("reflex_x_px", eye.reflex_px.x(), 1e-2);
    put("reflex_y_px", eye.reflex_px.y(), 1e-2);
    put("medial_corner_x_px", eye.medial_corner_px.x(), 1e-2);
    put("medial_corner_y_px", eye.medial_corner_px.y(), 1e-2);
    put("lateral_corner_x_px", eye.lateral_corner_px.x(), 1e-2);
    put("lateral_corner_y_px", eye.lateral_corner_px.y(), 1e-2);
    for (const auto& [name, margin] :
         {std::pair("upper_margin_px", &eye.upper), std::pair("lower_margin_px", &eye.lower)}) {
      Json points = Json::array();
      for (size_t k = 0; k < margin->size(); k += 2) {
        points.push_back(Rounded((*margin)[k].pixel.x(), 1e-2));
        points.push_back(Rounded((*margin)[k].pixel.y(), 1e-2));
        points.push_back((*margin)[k].visible ? 1 : 0);
      }
      columns_[name].push_back(std::move(points));
    }
  }
  Json Take() { return std::move(columns_); }

 private:
  Json columns_ = Json::object();
};

}  // namespace

Subject SubjectOf(const Studio& studio, const RecordingPlan& plan, const Patient& patient) {
  Subject subject = DrawSubject(studio.head(), plan.seed, plan.subject_id, plan.stratum);
  if (plan.eyes_matched)
    subject.eyes = DrawSubject(studio.head(), plan.seed, plan.signs_id, Stratum()).eyes;
  for (Side side : kSides) {
    const int s = static_cast<int>(side);
    const EyeSigns& signs = patient.eyes[s];
    subject.eyes[s].kappa_nasal_deg += patient.kappa_nasal_shift_deg;
    LidShape& lid = subject.lids[s];
    lid.crease_distance_mm += signs.crease_shift_mm;
    lid.crease_depth_mm *= signs.crease_depth_factor;
    lid.swelling_upper_mm += signs.swelling_upper_mm;
    lid.swelling_lower_mm += signs.swelling_lower_mm;
    subject.eye_colours[s].redness = std::min(1.0, subject.eye_colours[s].redness + signs.redness);
  }
  if (patient.epicanthus > 0) {
    for (const char* name : {"eyes/l-eye-epicanthus-in", "eyes/r-eye-epicanthus-in"})
      subject.head.details.emplace_back(studio.head().Detail(name), patient.epicanthus);
  }
  return subject;
}

Json ToJson(const RecordingPlan& plan) {
  Json json = {{"seed", plan.seed},
               {"subject", plan.subject_id},
               {"sex", static_cast<int>(plan.stratum.sex)},
               {"ancestry", static_cast<int>(plan.stratum.ancestry)},
               {"age", plan.stratum.age},
               {"condition", static_cast<int>(plan.condition)},
               {"number", plan.number},
               {"signs", plan.signs_id},
               {"recording", plan.recording_id},
               {"seconds", plan.seconds},
               {"rate_hz", plan.rate_hz},
               {"width_px", plan.width_px},
               {"height_px", plan.height_px},
               {"skin_px", plan.skin_px}};
  // Said only where there is one, so that recordings of others keep their keys.
  if (plan.second != Condition::kHealthy) json["second"] = static_cast<int>(plan.second);
  if (plan.eyes_matched) json["eyes_matched"] = true;
  return json;
}

RecordingPlan PlanOf(const Json& json) {
  RecordingPlan plan;
  try {
    plan.seed = json.at("seed");
    plan.subject_id = json.at("subject");
    plan.stratum.sex = static_cast<Sex>(json.at("sex").get<int>());
    plan.stratum.ancestry = static_cast<Ancestry>(json.at("ancestry").get<int>());
    plan.stratum.age = json.at("age");
    plan.condition = static_cast<Condition>(json.at("condition").get<int>());
    if (json.contains("second")) plan.second = static_cast<Condition>(json["second"].get<int>());
    plan.eyes_matched = json.value("eyes_matched", false);
    plan.number = json.at("number");
    plan.signs_id = json.at("signs");
    plan.recording_id = json.at("recording");
    plan.seconds = json.at("seconds");
    plan.rate_hz = json.at("rate_hz");
    plan.width_px = json.at("width_px");
    plan.height_px = json.at("height_px");
    plan.skin_px = json.at("skin_px");
  } catch (const Json::exception& error) {
    throw DataError(std::string("A recording of the virtual clinic is not described: ") +
                    error.what() + ".");
  }
  return plan;
}

Json AttributesOf(const Stratum& stratum) {
  return {{"sex", stratum.sex == Sex::kFemale ? "female" : "male"},
          {"ancestry", ToText(stratum.ancestry)},
          {"age_years", static_cast<int>(std::lround(20 + 60 * stratum.age))}};
}

Patient PatientOf(const RecordingPlan& plan) {
  return DrawPatient(plan.condition, plan.seed,
                     plan.signs_id.empty() ? plan.subject_id : plan.signs_id, plan.second);
}

std::int64_t FrameCount(const RecordingPlan& plan) {
  const Segment last = ExaminationSteps(plan.seconds, plan.rate_hz).back();
  return last.first_frame + last.frame_count;
}

void MakeRecording(const Studio& studio, const RecordingPlan& plan,
                   const std::filesystem::path& video, const std::filesystem::path& truth) {
  const Stage stage(studio, plan);
  std::filesystem::path part = video;
  part.replace_extension(".part" + video.extension().string());
  FrameRate rate;
  rate.numerator = static_cast<int>(std::lround(plan.rate_hz));
  rate.denominator = 1;
  auto writer =
      VideoWriter::Delivery(part, cv::Size(plan.width_px, plan.height_px), rate, DeliveryOptions());
  std::array<EyeColumns, 2> eyes;
  Json steps = Json::array(), occluded = Json::array(), head = Json::array();
  Renderer renderer;
  RenderOptions options;
  options.labels = options.depth = true;
  RenderedFrame picture;
  std::int64_t number = 0;
  for (const ExamFrame& frame : stage.examination->frames()) {
    const Actor::Posed posed = stage.actor->Pose(frame.pose);
    const Scene scene = stage.SceneOf(frame, posed);
    renderer.Render(scene, options, &picture);
    const auto truths = stage.actor->Truth(frame.pose, posed, scene, &picture);
    for (int s = 0; s < 2; ++s) eyes[s].Add(truths[s], frame, s);
    steps.push_back(ToString(frame.step));
    occluded.push_back(frame.occluder.shown ? 1 : 0);
    const Eigen::Matrix3d& r = frame.pose.head.rotation;
    const Eigen::Vector3d& t = frame.pose.head.translation_mm;
    Json pose = Json::array();
    for (int row = 0; row < 3; ++row) {
      for (int column = 0; column < 3; ++column) pose.push_back(Rounded(r(row, column), 1e-6));
      pose.push_back(Rounded(t[row], 1e-2));
    }
    head.push_back(std::move(pose));
    writer->Write(Develop(picture.linear, stage.session.sensor, stage.session.sensor_seed, number));
    ++number;
  }
  const std::int64_t frames = writer->Finish();
  writer.reset();

  Json all;
  all["format"] = "maskbench-virtual-truth";
  all["format_version"] = 2;
  all["recording"] = plan.recording_id;
  all["frames"] = frames;
  all["rate_hz"] = plan.rate_hz;
  all["camera"] = {{"width_px", plan.width_px},
                   {"height_px", plan.height_px},
                   {"focal_px", stage.session.camera.focal_px}};
  all["patient"] = PatientTruth(stage.patient);
  all["anatomy"]["ancestry"] = ToText(plan.stratum.ancestry);
  for (const Side side : kSides) {
    const EyeShape& eye = stage.eyes[static_cast<int>(side)];
    all["anatomy"][ToString(side)] = {{"hvid_mm", 2 * eye.limbus_horizontal_mm},
                                      {"kappa_nasal_deg", eye.kappa_nasal_deg}};
  }
  all["segments"] = Json::array();
  for (const Segment& segment : stage.examination->segments())
    all["segments"].push_back({{"step", ToString(segment.step)},
                               {"first_frame", segment.first_frame},
                               {"frame_count", segment.frame_count}});
  all["step"] = std::move(steps);
  all["occluder"] = std::move(occluded);
  all["head_to_camera"] = std::move(head);
  all["right"] = eyes[static_cast<int>(Side::kRight)].Take();
  all["left"] = eyes[static_cast<int>(Side::kLeft)].Take();
  const std::vector<std::uint8_t> bytes = Json::to_msgpack(all);
  std::filesystem::path truth_part = truth;
  truth_part += ".part";
  {
    std::ofstream out(truth_part, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    if (!out) throw DataError("Cannot write " + truth_part.string() + ".");
  }
  std::filesystem::rename(truth_part, truth);
  std::filesystem::rename(part, video);
}

void PlayFrames(const Studio& studio, const RecordingPlan& plan, const std::vector<int>& frames,
                bool draw, const std::function<void(const PlayedFrame&)>& visit) {
  const Stage stage(studio, plan);
  Renderer renderer;
  Scene empty;
  empty.camera = stage.session.camera;
  empty.lighting = stage.session.lighting;
  for (int number : frames) {
    PlayedFrame played;
    played.number = number;
    played.exam = &stage.examination->frames().at(static_cast<size_t>(number));
    const ActorPose& pose = played.exam->pose;
    const Actor::Posed posed = stage.actor->Pose(pose);
    played.truth = stage.actor->Truth(pose, posed, empty, nullptr);
    for (size_t s = 0; s < 2; ++s)
      played.globe_camera_mm[s] = pose.head * posed.eyes[s].globe_centre_mm;
    if (draw) {
      const RenderedFrame picture = renderer.Render(stage.SceneOf(*played.exam, posed));
      played.picture =
          Develop(picture.linear, stage.session.sensor, stage.session.sensor_seed, number);
    }
    visit(played);
  }
}

std::vector<cv::Mat> DrawFrames(const Studio& studio, const RecordingPlan& plan,
                                const std::vector<int>& frames) {
  const Stage stage(studio, plan);
  Renderer renderer;
  std::vector<cv::Mat> pictures;
  for (int number : frames) {
    const ExamFrame& frame = stage.examination->frames().at(static_cast<size_t>(number));
    const Actor::Posed posed = stage.actor->Pose(frame.pose);
    const RenderedFrame picture = renderer.Render(stage.SceneOf(frame, posed));
    pictures.push_back(
        Develop(picture.linear, stage.session.sensor, stage.session.sensor_seed, number));
  }
  return pictures;
}

}  // namespace maskbench::virtual_clinic
