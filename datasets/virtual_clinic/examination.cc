#include "datasets/virtual_clinic/examination.h"

#include <algorithm>
#include <cmath>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

#include "datasets/virtual_clinic/contact_sheets.h"
#include "datasets/virtual_clinic/expression.h"
#include "datasets/virtual_clinic/eye_motion.h"

namespace maskbench::virtual_clinic {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kDegrees = 180.0 / kPi;
// Reaction time before the eyes leave for a new target or follow a moving one.
constexpr double kLatencySeconds = 0.18;
constexpr double kSideGazeDeg = 25, kUpGazeDeg = 25, kDownGazeDeg = 30;
// The target of down-pursuit rests, sinks, and stays below: shares of the step. In 2 s it sinks at
// 23°/s on average, 35°/s at most.
constexpr double kPursuitFrom = 0.1, kPursuitTo = 0.75;
// Without fusion a latent deviation appears slowly, and fusion takes it back slowly: vergence, not
// saccades. Time constant [default]: the alternating cover reaches nine tenths of a phoria.
constexpr double kVergenceSeconds = 0.35;
// Shorter examinations leave out the second round of covers and the last look at the camera.
constexpr double kFullFromSeconds = 8;
// Microsaccades: about 1.2 per second, 0.1–0.6° (Martinez-Conde, Macknik & Hubel, Nat Rev Neurosci
// 2004).
constexpr double kMicrosaccadesHz = 1.2;
// Physiological drift is taken back by a small saccade after this time, s [default].
constexpr double kDriftRunSeconds[] = {0.25, 0.65};
// Brows rise a little with up-gaze, and more over the eye whose lid droops more; both [default].
constexpr double kBrowWithUpGaze = 0.25, kBrowSlowSeconds = 0.1, kBrowOtherSide = 0.3;
// The paddle: radius, its distance from the globe's centre on the way to the camera, its time from
// eye to eye or into the picture.
constexpr double kPaddleRadiusMm = 32, kPaddleAheadMm = 45, kPaddleSeconds = 0.18;

double Between(NamedRandom* random, double low, double high) {
  return low + (high - low) * random->Uniform();
}

// Sum of slow sines: a smooth wander of unit size.
class Wander {
 public:
  Wander(NamedRandom* random, double low_hz, double high_hz) {
    for (Wave& wave : waves_)
      wave = {Between(random, low_hz, high_hz), 2 * kPi * random->Uniform(), random->Normal()};
  }
  double At(double seconds) const {
    double sum = 0;
    for (const Wave& wave : waves_)
      sum += wave.size * std::sin(2 * kPi * wave.hertz * seconds + wave.phase);
    return sum / std::sqrt(2.0);
  }

 private:
  struct Wave {
    double hertz, phase, size;
  };
  std::array<Wave, 4> waves_;
};

bool IsCover(Step step) { return step == Step::kCoverRight || step == Step::kCoverLeft; }
Side CoveredBy(Step step) { return step == Step::kCoverRight ? Side::kRight : Side::kLeft; }
Side Other(Side side) { return side == Side::kRight ? Side::kLeft : Side::kRight; }

// Where the target is against the camera's direction (azimuth, elevation; degrees), at a share of a
// step.
Eigen::Vector2d TargetOffset(Step step, double share) {
  switch (step) {
    case Step::kPrimary:
    case Step::kCoverRight:
    case Step::kCoverLeft:
      break;
    case Step::kUpGaze:
      return {0, kUpGazeDeg};
    case Step::kDownPursuit:
      return {0, -kDownGazeDeg * Ease((share - kPursuitFrom) / (kPursuitTo - kPursuitFrom))};
    case Step::kGazeLeft:
      return {kSideGazeDeg, 0};
    case Step::kGazeRight:
      return {-kSideGazeDeg, 0};
  }
  return {0, 0};
}

// How much of the patient's effort each brow shows.
std::array<double, 2> BrowShares(const Patient& patient) {
  // Droop below the norm decides; without any both brows are alike.
  constexpr double kNormMm = 4.5;
  std::array<double, 2> droop{};
  for (int s = 0; s < 2; ++s) droop[s] = std::max(0.0, kNormMm - patient.eyes[s].mrd1_mm);
  const double most = std::max(droop[0], droop[1]);
  if (most < 1) return {1, 1};
  return {kBrowOtherSide + (1 - kBrowOtherSide) * droop[0] / most,
          kBrowOtherSide + (1 - kBrowOtherSide) * droop[1] / most};
}

}  // namespace

const char* ToString(Step step) {
  switch (step) {
    case Step::kPrimary:
      return "primary";
    case Step::kCoverRight:
      return "cover_right";
    case Step::kCoverLeft:
      return "cover_left";
    case Step::kUpGaze:
      return "up_gaze";
    case Step::kDownPursuit:
      return "down_pursuit";
    case Step::kGazeLeft:
      return "gaze_left";
    case Step::kGazeRight:
      return "gaze_right";
  }
  return "";
}

double DegreesOfDioptres(double dioptres) { return std::atan(dioptres / 100) * kDegrees; }

std::vector<Segment> ExaminationSteps(double seconds, double rate_hz) {
  static const std::vector<std::pair<Step, double>> full = {
      {Step::kPrimary, 2.2},    {Step::kCoverRight, 0.8},  {Step::kCoverLeft, 0.8},
      {Step::kCoverRight, 0.8}, {Step::kCoverLeft, 0.8},   {Step::kPrimary, 0.8},
      {Step::kUpGaze, 1.25},    {Step::kDownPursuit, 2.0}, {Step::kGazeLeft, 1.0},
      {Step::kGazeRight, 1.05}, {Step::kPrimary, 0.5}};
  static const std::vector<std::pair<Step, double>> brief = {
      {Step::kPrimary, 0.55}, {Step::kCoverRight, 0.5},  {Step::kCoverLeft, 0.5},
      {Step::kUpGaze, 0.45},  {Step::kDownPursuit, 0.9}, {Step::kGazeLeft, 0.5},
      {Step::kGazeRight, 0.6}};
  const auto& plan = seconds >= kFullFromSeconds ? full : brief;
  double total = 0;
  for (const auto& [step, length] : plan) total += length;
  std::vector<Segment> segments;
  double at = 0;
  for (const auto& [step, length] : plan) {
    Segment segment;
    segment.step = step;
    segment.first_frame = std::llround(at / total * seconds * rate_hz);
    at += length;
    segment.frame_count = std::llround(at / total * seconds * rate_hz) - segment.first_frame;
    segments.push_back(segment);
  }
  return segments;
}

Session DrawSession(std::uint64_t seed, const std::string& subject_id, int number, int width_px,
                    int height_px) {
  NamedRandom random(seed, subject_id + " session " + std::to_string(number), "session");
  Session session;
  session.lighting = RoomLight(static_cast<int>(random.Below(3)));
  const double turn = Between(&random, -0.5, 0.5), level = Between(&random, 0.85, 1.15);
  for (DirectionalLight& light : session.lighting.lights) {
    const float c = static_cast<float>(std::cos(turn)), s = static_cast<float>(std::sin(turn));
    light.direction =
        Eigen::Vector3f(c * light.direction.x() + s * light.direction.z(), light.direction.y(),
                        c * light.direction.z() - s * light.direction.x());
    light.radiance *= static_cast<float>(level);
  }
  const float grey = static_cast<float>(Between(&random, 0.12, 0.5));
  const float warm = static_cast<float>(Between(&random, -0.05, 0.05));
  session.background.top = Eigen::Vector3f(grey + warm, grey, grey - warm);
  session.background.bottom =
      session.background.top * static_cast<float>(Between(&random, 0.9, 1.25));
  session.camera.width_px = width_px;
  session.camera.height_px = height_px;
  session.camera.principal_px = {(width_px - 1) / 2.0, (height_px - 1) / 2.0};
  // The head fills half of the picture's height, from near or far.
  const double distance = Between(&random, 520, 800);
  const double filling = Between(&random, 1.95, 2.35);
  session.camera.focal_px = filling * height_px * distance / 650;
  session.head_mm = {Between(&random, -8, 8), Between(&random, 10, 28), distance};
  session.yaw_deg = 2.0 * std::clamp(random.Normal(), -2.0, 2.0);
  session.pitch_deg = 2.0 * std::clamp(random.Normal(), -2.0, 2.0);
  session.roll_deg = 1.5 * std::clamp(random.Normal(), -2.0, 2.0);
  session.sensor.exposure_ev = Between(&random, -0.25, 0.25);
  session.sensor.white_balance_kelvin = Between(&random, 5600, 7400);
  session.sensor.read_noise = Between(&random, 0.001, 0.004);
  session.sensor.shot_noise = Between(&random, 0.0001, 0.0004);
  session.sensor.blur_px = Between(&random, 0.4, 0.9);
  session.sensor.vignetting = Between(&random, 0.0, 0.2);
  session.sensor_seed = (static_cast<std::uint64_t>(random.NextBits()) << 32) | random.NextBits();
  session.mood = RestingFace();
  // Small departures from rest that leave the lips closed and the brows alone.
  for (const char* unit :
       {"mouth-compression", "mouth-corner-puller", "mouth-pursing", "mouth-retraction"})
    session.mood[ExpressionUnit(unit)] = 0.12 * random.Uniform();
  session.weight_change = 0.08 * std::clamp(random.Normal(), -2.0, 2.0);
  session.hair_cut_mm = random.Uniform() < 0.3 ? Between(&random, -180, -90) : -1000;
  session.clothes = Eigen::Vector3f(static_cast<float>(Between(&random, 0.03, 0.5)),
                                    static_cast<float>(Between(&random, 0.03, 0.5)),
                                    static_cast<float>(Between(&random, 0.03, 0.5)));
  return session;
}

Examination::Examination(const Actor& actor, const Patient& patient, const Session& session,
                         std::uint64_t seed, const std::string& recording_id, double seconds,
                         double rate_hz)
    : segments_(ExaminationSteps(seconds, rate_hz)) {
  const int count = static_cast<int>(segments_.back().first_frame + segments_.back().frame_count);
  const double dt = 1 / rate_hz;
  NamedRandom random(seed, recording_id, "examination");

  // Head: habitual posture of the disease, posture of the day, slow motion.
  std::array<Wander, 6> sway = {Wander(&random, 0.05, 0.5), Wander(&random, 0.05, 0.5),
                                Wander(&random, 0.05, 0.4), Wander(&random, 0.05, 0.4),
                                Wander(&random, 0.05, 0.4), Wander(&random, 0.05, 0.4)};
  std::vector<Pose> heads(count);
  for (int f = 0; f < count; ++f) {
    const double t = f * dt;
    heads[f] =
        Pose::OfHead(session.yaw_deg + patient.head_turn_deg + 0.7 * sway[0].At(t),
                     session.pitch_deg + patient.chin_up_deg + 0.6 * sway[1].At(t),
                     session.roll_deg + 0.4 * sway[2].At(t),
                     session.head_mm + Eigen::Vector3d(1.6 * sway[3].At(t), 1.2 * sway[4].At(t),
                                                       3 * sway[5].At(t)));
  }

  // Centres of the globes, and the lids of each eye while it fixates in primary gaze, solved once.
  const Eigen::Vector3d light = session.lighting.reflex_position_mm.cast<double>();
  std::array<Eigen::Vector3d, 2> centres;
  std::array<LidPose, 2> primary;
  std::array<double, 2> primary_elevation{};
  {
    ActorPose pose;
    pose.head = Pose::OfHead(0, 0, 0, session.head_mm);
    pose.expression = session.mood;
    for (Side side : kSides) {
      const int s = static_cast<int>(side);
      const EyeSigns& signs = patient.eyes[s];
      pose.eyes[s].protrusion_mm = signs.protrusion_mm;
      actor.Fixate(side, Eigen::Vector3d::Zero(), &pose);
      pose.lids[s] = actor.RestingLids(side);
      pose.lids[s].lateral_flare_mm = signs.lateral_flare_mm;
      primary[s] = actor.Lids(side, pose, signs.mrd1_mm, signs.mrd2_mm, light);
      primary_elevation[s] = pose.eyes[s].elevation_deg;
    }
    const Actor::Posed posed = actor.Pose(pose);
    for (size_t s = 0; s < 2; ++s) centres[s] = posed.eyes[s].globe_centre_mm;
  }

  // Blinks: at least 0.6 s apart; both lids together.
  std::vector<double> blinks;
  const auto pause = [&] { return -std::log(1 - random.Uniform()) / patient.blink_rate_hz; };
  double next_blink = Between(&random, 0.1, 1.0);
  next_blink += pause();
  while (next_blink < seconds) {
    blinks.push_back(next_blink);
    next_blink += 0.6 + pause();
  }

  // Whether the deviation shows under binocular view: stretches of manifest and latent.
  std::vector<bool> manifest(count, patient.deviation.manifest_share >= 1);
  if (patient.deviation.manifest_share > 0 && patient.deviation.manifest_share < 1) {
    bool now = random.Uniform() < patient.deviation.manifest_share;
    for (double t = 0; t < seconds; now = !now) {
      const double mean =
          3.0 * (now ? patient.deviation.manifest_share : 1 - patient.deviation.manifest_share);
      const double until = t - mean * std::log(1 - random.Uniform());
      for (int f = static_cast<int>(t / dt); f < std::min<double>(count, until / dt); ++f)
        manifest[f] = now;
      t = until;
    }
  }

  NamedRandom beating(seed, recording_id, "nystagmus");
  std::vector<double> beats(static_cast<size_t>(count), 0.0);
  if (patient.nystagmus) beats = NystagmusBeats(*patient.nystagmus, count, rate_hz, &beating);
  Wander drift_x(&random, 0.1, 0.6), drift_y(&random, 0.1, 0.6), lid_wander(&random, 0.1, 0.8);
  Eigen::Vector2d micro(0, 0);
  NamedRandom saccadic(seed, recording_id, "saccades"), drifting(seed, recording_id, "drift");
  const double drift_direction = drifting.Uniform() < 0.5 ? -1 : 1;
  double drift_from = 0, drift_run = Between(&drifting, kDriftRunSeconds[0], kDriftRunSeconds[1]);

  const std::array<double, 2> brow_shares = BrowShares(patient);
  const std::array<int, 2> brow_up = {ExpressionUnit("eyebrows-right-up"),
                                      ExpressionUnit("eyebrows-left-up")};
  const std::array<int, 2> brow_inner_up = {ExpressionUnit("eyebrows-right-inner-up"),
                                            ExpressionUnit("eyebrows-left-inner-up")};
  double brow_with_gaze = 0;

  // Visual axes (head frame) without small movements, for a target against the camera's direction,
  // the fixing eye, and the share of the deviation that the other eye shows.
  const auto aim = [&](const Pose& head, const Eigen::Vector2d& target, Side fixing, double apart) {
    const Eigen::Vector3d camera = head.rotation.transpose() * -head.translation_mm;
    const Eigen::Vector2d straight = GazeAngles(camera);
    const Eigen::Vector3d point =
        camera.norm() * GazeDirection(straight.x() + target.x(), straight.y() + target.y());
    BinocularGaze goals;
    for (Side side : kSides) {
      const int s = static_cast<int>(side);
      const EyeSigns& signs = patient.eyes[s];
      goals[s] = GazeAngles(point - centres[s]);
      if (side != fixing) {
        // Esotropia turns the other eye towards the nose.
        const double nasal = side == Side::kLeft ? -1 : 1, up = side == Side::kRight ? 1 : -1;
        goals[s] += apart * Eigen::Vector2d(
                                nasal * DegreesOfDioptres(patient.deviation.horizontal_dioptres),
                                up * DegreesOfDioptres(patient.deviation.vertical_dioptres));
      }
      const double to_left = side == Side::kLeft ? signs.limit_out_deg : signs.limit_in_deg;
      const double to_right = side == Side::kLeft ? signs.limit_in_deg : signs.limit_out_deg;
      goals[s].x() = std::clamp(goals[s].x(), -to_right, to_left);
      goals[s].y() = std::clamp(goals[s].y(), -signs.limit_down_deg, signs.limit_up_deg);
    }
    return goals;
  };

  frames_.resize(static_cast<size_t>(count));
  Saccades saccades;
  Side fixing = patient.deviation.fixing_eye;
  double apart = count > 0 && manifest[0] ? 1 : 0;
  Eigen::Vector2d target(0, 0);
  const int latency = static_cast<int>(kLatencySeconds * rate_hz);
  size_t segment = 0, seen_segment = 0;
  const auto past = [&](int f, size_t at) {
    return at + 1 < segments_.size() && f >= segments_[at + 1].first_frame;
  };
  for (int f = 0; f < count; ++f) {
    const double t = f * dt;
    while (past(f, segment)) ++segment;
    const size_t seen_before = seen_segment;
    while (past(f - latency, seen_segment)) ++seen_segment;
    const Segment &current = segments_[segment], &seen = segments_[seen_segment];
    ExamFrame& frame = frames_[static_cast<size_t>(f)];
    frame.step = current.step;
    frame.pose.head = heads[f];

    // Which eye fixates, and how much of its deviation the other one shows. A patient who fuses
    // goes on with either eye; a manifest deviation brings the preferred one back.
    const Side fixed_before = fixing;
    const bool dissociated = IsCover(seen.step);
    if (dissociated)
      fixing = Other(CoveredBy(seen.step));
    else if (manifest[f])
      fixing = patient.deviation.fixing_eye;
    if (patient.deviation.manifest_share < 1 && f > 0)
      apart += ((dissociated || manifest[f] ? 1.0 : 0.0) - apart) *
               (1 - std::exp(-dt / kVergenceSeconds));

    // Targets that jump and changes of the fixing eye make saccades; the rest is followed.
    const Eigen::Vector2d target_before = target;
    target = TargetOffset(
        seen.step, static_cast<double>(std::max<std::int64_t>(0, f - latency - seen.first_frame)) /
                       static_cast<double>(std::max<std::int64_t>(1, seen.frame_count)));
    const BinocularGaze goals = aim(heads[f], target, fixing, apart);
    if (seen_segment != seen_before || fixing != fixed_before) {
      const BinocularGaze before = aim(heads[f], target_before, fixed_before, apart);
      saccades.Jump(t, {goals[0] - before[0], goals[1] - before[1]}, &saccadic);
    }
    const BinocularGaze residual = saccades.Residual(t);
    const BinocularGaze gaze = {goals[0] + residual[0], goals[1] + residual[1]};
    frame.fixing_eye = fixing;
    frame.deviation_share = apart;

    if (saccadic.Uniform() < kMicrosaccadesHz * dt)
      micro = Eigen::Vector2d(0.25 * saccadic.Normal(), 0.18 * saccadic.Normal());
    if (t - drift_from >= drift_run) {
      drift_from = t;
      drift_run = Between(&drifting, kDriftRunSeconds[0], kDriftRunSeconds[1]);
    }
    double closure = 0;
    for (double blink : blinks) closure = std::max(closure, BlinkClosure(t - blink));

    const double up = std::clamp(0.5 * (gaze[0].y() + gaze[1].y()) / kUpGazeDeg, 0.0, 1.0);
    brow_with_gaze += (kBrowWithUpGaze * up - brow_with_gaze) *
                      (f == 0 ? 1.0 : 1 - std::exp(-dt / kBrowSlowSeconds));
    frame.pose.expression = session.mood;
    for (int s = 0; s < 2; ++s) {
      const double effort = brow_shares[s] * patient.brow_raise;
      frame.pose.expression[brow_up[s]] += std::min(1.0, 0.9 * effort + brow_with_gaze);
      frame.pose.expression[brow_inner_up[s]] += 0.5 * effort;
    }
    for (Side side : kSides) {
      const int s = static_cast<int>(side);
      const EyeSigns& signs = patient.eyes[s];
      Eigen::Vector2d angles =
          gaze[s] + micro + 0.08 * Eigen::Vector2d(drift_x.At(t), drift_y.At(t));
      angles.x() += drift_direction * patient.drift_deg_per_s * (t - drift_from - 0.5 * drift_run);
      frame.nystagmus_deg[s] = {0, 0};
      if (patient.nystagmus) {
        const Nystagmus& n = *patient.nystagmus;
        frame.nystagmus_deg[s] = BeatDirection(n.waveform) * n.amplitude_deg *
                                 NullFactor(n, gaze[s].x()) * beats[static_cast<size_t>(f)];
        angles += frame.nystagmus_deg[s];
      }
      // Eyes dip down and in with a blink (Bour, Aramideh & Ongerboer de Visser, J Neurophysiol
      // 2000).
      angles += closure * Eigen::Vector2d(side == Side::kLeft ? -0.8 : 0.8, -1.5);
      EyePose& eye = frame.pose.eyes[s];
      eye.protrusion_mm = signs.protrusion_mm;
      const Eigen::Vector2d optical = PupillaryAnglesFor(actor.appearance().eyes[s], side,
                                                         GazeDirection(angles.x(), angles.y()));
      eye.azimuth_deg = optical.x();
      eye.elevation_deg = optical.y();
      LidFollow follow;
      follow.upper_down = signs.lid_follow_down;
      LidPose lids = FollowGaze(primary[s], optical.y() - primary_elevation[s], follow);
      lids.upper_mm += 0.06 * lid_wander.At(t);
      frame.closure[s] = closure;
      frame.pose.lids[s] = CloseLids(lids, closure, actor.ClosedHeightMm(side));
    }

    // The paddle stands between the eye and the camera. It comes from below the eye and leaves the
    // same way; between the eyes it slides over.
    const auto over = [&](Side side) -> Eigen::Vector3d {
      const Eigen::Vector3d eye = heads[f] * centres[static_cast<int>(side)];
      return eye - kPaddleAheadMm * eye.normalized();
    };
    const Eigen::Vector3d below = heads[f].rotation * Eigen::Vector3d(0, -140, 15);
    const double in = Ease((f - current.first_frame) * dt / kPaddleSeconds);
    const Step before = segment > 0 ? segments_[segment - 1].step : Step::kPrimary;
    if (IsCover(current.step)) {
      const Eigen::Vector3d there = over(CoveredBy(current.step));
      const Eigen::Vector3d from = IsCover(before) ? over(CoveredBy(before)) : there + below;
      frame.occluder.shown = true;
      frame.occluder.centre_mm = from + in * (there - from);
    } else if (IsCover(before) && in < 1) {
      frame.occluder.shown = true;
      frame.occluder.centre_mm = over(CoveredBy(before)) + in * below;
    }
  }
}

Mesh OccluderMesh(const Occluder& occluder) {
  // A round spoon on a handle.
  constexpr int kRound = 40;
  constexpr auto kRadius = static_cast<float>(kPaddleRadiusMm);
  static const std::shared_ptr<const MeshTopology> topology = [] {
    auto made = std::make_shared<MeshTopology>();
    for (int k = 0; k < kRound; ++k) made->triangles.push_back({0, 1 + k, 1 + (k + 1) % kRound});
    made->triangles.push_back({kRound + 1, kRound + 2, kRound + 3});
    made->triangles.push_back({kRound + 1, kRound + 3, kRound + 4});
    made->parts.assign(made->triangles.size(), Part::kOccluder);
    return made;
  }();
  static const std::shared_ptr<const Material> material = [] {
    auto made = std::make_shared<Material>();
    made->albedo = {0.018f, 0.018f, 0.02f};
    made->specular = 0.5f;
    made->roughness = 0.4f;
    return made;
  }();
  Mesh mesh;
  mesh.topology = topology;
  mesh.material = material;
  mesh.two_sided = true;
  const Eigen::Vector3f centre = occluder.centre_mm.cast<float>();
  mesh.positions.push_back(centre);
  for (int k = 0; k < kRound; ++k) {
    const float angle = 2 * static_cast<float>(kPi) * k / kRound;
    mesh.positions.push_back(centre +
                             kRadius * Eigen::Vector3f(std::cos(angle), std::sin(angle), 0));
  }
  for (const auto& [x, y] :
       {std::pair(-6.f, 28.f), std::pair(6.f, 28.f), std::pair(6.f, 190.f), std::pair(-6.f, 190.f)})
    mesh.positions.push_back(centre + Eigen::Vector3f(x, y, 0.5f));
  mesh.normals.assign(mesh.positions.size(), Eigen::Vector3f(0, 0, -1));
  return mesh;
}

}  // namespace maskbench::virtual_clinic
