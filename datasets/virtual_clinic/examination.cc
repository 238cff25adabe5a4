#include "datasets/virtual_clinic/examination.h"

#include <algorithm>
#include <cmath>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

#include "datasets/virtual_clinic/contact_sheets.h"

namespace maskbench::virtual_clinic {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kDegrees = 180.0 / kPi;
// Reaction time before the eyes leave for a new target, and the time constant of a saccade: 20°
// take about 70 ms (main sequence: duration ≈ 2.2 ms/° + 21 ms, Bahill, Clark & Stark 1975).
constexpr double kLatencySeconds = 0.18, kSaccadeSeconds = 0.022;
// Blinks: down in about 75 ms, up in about 200 ms (Guitton, Simard & Codère 1991; VanderWerf et al.
// 2003).
constexpr double kBlinkDownSeconds = 0.075, kBlinkShutSeconds = 0.035, kBlinkUpSeconds = 0.20;
constexpr double kSideGazeDeg = 25, kDownGazeDeg = 30;
// Units of the parametric head, by name order.
constexpr int kBrowUpLeft = 9, kBrowUpRight = 13, kBrowInnerLeft = 8, kBrowInnerRight = 12;
constexpr int kUnits = 34;

double Between(NamedRandom* random, double low, double high) {
  return low + (high - low) * random->Uniform();
}

double Ease(double t) {
  t = std::clamp(t, 0.0, 1.0);
  return t * t * (3 - 2 * t);
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

// Nystagmus at unit amplitude (peak to peak 1), beat by beat with irregular length and size.
std::vector<double> Beats(const Nystagmus& nystagmus, double seconds, double rate_hz,
                          NamedRandom* random) {
  std::vector<double> signal(static_cast<size_t>(seconds * rate_hz) + 2, 0.0);
  double start = -random->Uniform() / nystagmus.frequency_hz;
  const bool jerk = nystagmus.waveform != Nystagmus::Waveform::kPendular &&
                    nystagmus.waveform != Nystagmus::Waveform::kPendularVertical;
  while (start < seconds) {
    const double length =
        std::max(0.4, 1 + nystagmus.irregularity * std::clamp(random->Normal(), -2.0, 2.0)) /
        nystagmus.frequency_hz;
    const double size =
        std::max(0.3, 1 + nystagmus.irregularity * std::clamp(random->Normal(), -2.0, 2.0));
    for (size_t k = 0; k < signal.size(); ++k) {
      const double t = (static_cast<double>(k) / rate_hz - start) / length;
      if (t < 0 || t >= 1) continue;
      // Jerk: slow drift against the beat (four fifths of the cycle or more), quick return with it.
      const double quick = std::min(0.45, 0.05 / length);
      const double wave = !jerk           ? -0.5 * std::cos(2 * kPi * t)
                          : t < 1 - quick ? 0.5 - t / (1 - quick)
                                          : -0.5 + Ease((t - 1 + quick) / quick);
      signal[k] = size * wave;
    }
    start += length;
  }
  return signal;
}

Eigen::Vector2d BeatDirection(Nystagmus::Waveform waveform) {
  switch (waveform) {
    case Nystagmus::Waveform::kPendular:
    case Nystagmus::Waveform::kJerkLeft:
      return {1, 0};  // Azimuth grows to the patient's left.
    case Nystagmus::Waveform::kJerkRight:
      return {-1, 0};
    case Nystagmus::Waveform::kJerkUp:
    case Nystagmus::Waveform::kPendularVertical:
      return {0, 1};
    case Nystagmus::Waveform::kJerkDown:
      return {0, -1};
  }
  return {1, 0};
}

double BlinkClosure(double since) {
  if (since < 0) return 0;
  if (since < kBlinkDownSeconds) return Ease(since / kBlinkDownSeconds);
  since -= kBlinkDownSeconds;
  if (since < kBlinkShutSeconds) return 1;
  since -= kBlinkShutSeconds;
  return since < kBlinkUpSeconds ? 1 - Ease(since / kBlinkUpSeconds) : 0;
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
  const std::vector<std::pair<Step, double>> plan = {
      {Step::kPrimary, 2.4},     {Step::kCoverRight, 0.8}, {Step::kCoverLeft, 0.8},
      {Step::kCoverRight, 0.8},  {Step::kCoverLeft, 0.8},  {Step::kPrimary, 0.8},
      {Step::kDownPursuit, 2.0}, {Step::kGazeLeft, 1.1},   {Step::kGazeRight, 1.3},
      {Step::kPrimary, 1.2}};
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
  session.mood = Eigen::VectorXd::Zero(kUnits);
  // Small departures from rest: mouth corners, compression, brows.
  for (int unit : {14, 15, 16, 26}) session.mood[unit] = 0.12 * random.Uniform();
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

  // Lids of each eye while it fixates in primary gaze, solved once.
  const Eigen::Vector3d light = session.lighting.reflex_position_mm.cast<double>();
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
  }

  // Blinks: at least 0.6 s apart; both lids together.
  std::vector<double> blinks;
  for (double t =
           Between(&random, 0.1, 1.0) - std::log(1 - random.Uniform()) / patient.blink_rate_hz;
       t < seconds; t += 0.6 - std::log(1 - random.Uniform()) / patient.blink_rate_hz)
    blinks.push_back(t);

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

  std::vector<double> beats;
  if (patient.nystagmus) beats = Beats(*patient.nystagmus, seconds, rate_hz, &random);
  Wander drift_x(&random, 0.1, 0.6), drift_y(&random, 0.1, 0.6), lid_wander(&random, 0.1, 0.8);
  // Microsaccades: about 1.2 per second, 0.1–0.6° (Martinez-Conde et al. 2004).
  Eigen::Vector2d micro(0, 0);
  const double drift_direction = random.Uniform() < 0.5 ? -1 : 1;

  std::array<Eigen::Vector2d, 2> gaze;  // Visual axes, head frame (azimuth, elevation), degrees.
  bool first = true;
  frames_.resize(static_cast<size_t>(count));
  size_t segment = 0;
  std::vector<Step> steps(count);
  for (int f = 0; f < count; ++f) {
    while (segment + 1 < segments_.size() && f >= segments_[segment + 1].first_frame) ++segment;
    steps[f] = segments_[segment].step;
  }
  const int latency = static_cast<int>(kLatencySeconds * rate_hz);
  segment = 0;
  for (int f = 0; f < count; ++f) {
    while (segment + 1 < segments_.size() && f >= segments_[segment + 1].first_frame) ++segment;
    ExamFrame& frame = frames_[static_cast<size_t>(f)];
    const double t = f * dt;
    frame.step = steps[f];
    frame.pose.head = heads[f];
    frame.deviation_manifest = manifest[f];
    // The patient reacts late.
    const Step seen = steps[std::max(0, f - latency)];
    const Segment& current = segments_[segment];
    double target_azimuth = 0, target_elevation = 0;
    if (seen == Step::kGazeLeft) target_azimuth = kSideGazeDeg;
    if (seen == Step::kGazeRight) target_azimuth = -kSideGazeDeg;
    if (frame.step == Step::kDownPursuit) {
      const double share = static_cast<double>(f - current.first_frame) / current.frame_count;
      target_elevation = -kDownGazeDeg * std::sin(kPi * share);
    }
    // Which eye fixates, and whether the other shows its deviation.
    Side fixing = patient.deviation.fixing_eye;
    bool apart = manifest[f];
    if (seen == Step::kCoverRight) fixing = Side::kLeft;
    if (seen == Step::kCoverLeft) fixing = Side::kRight;
    if (seen == Step::kCoverRight || seen == Step::kCoverLeft) apart = true;
    const int a = static_cast<int>(fixing), b = 1 - a;

    // A target at the camera for primary gaze; else a direction from straight ahead.
    const Eigen::Vector3d camera_direction =
        (heads[f].rotation.transpose() * -heads[f].translation_mm).normalized();
    const Eigen::Vector2d straight = GazeAngles(camera_direction);
    Eigen::Vector2d goal = straight + Eigen::Vector2d(target_azimuth, target_elevation);
    std::array<Eigen::Vector2d, 2> goals = {goal, goal};
    if (apart) {
      const double horizontal = DegreesOfDioptres(patient.deviation.horizontal_dioptres);
      const double vertical = DegreesOfDioptres(patient.deviation.vertical_dioptres);
      // Esotropia turns the other eye towards the nose.
      const double nasal = b == static_cast<int>(Side::kLeft) ? -1 : 1;
      goals[b] += Eigen::Vector2d(nasal * horizontal,
                                  b == static_cast<int>(Side::kRight) ? vertical : -vertical);
    }
    // Vergence on a near target: both axes meet at the camera.
    for (Side side : kSides) {
      const int s = static_cast<int>(side);
      const double half_ipd = side == Side::kLeft ? 31.0 : -31.0;
      goals[s].x() -= std::atan2(half_ipd, session.head_mm.z()) * kDegrees;
    }
    for (Side side : kSides) {
      const int s = static_cast<int>(side);
      const EyeSigns& signs = patient.eyes[s];
      const double out = side == Side::kLeft ? signs.limit_out_deg : signs.limit_in_deg;
      const double in = side == Side::kLeft ? signs.limit_in_deg : signs.limit_out_deg;
      goals[s].x() = std::clamp(goals[s].x(), -in, out);
      goals[s].y() = std::clamp(goals[s].y(), -signs.limit_down_deg, signs.limit_up_deg);
    }
    if (random.Uniform() < 1.2 * dt)
      micro = Eigen::Vector2d(0.25 * random.Normal(), 0.18 * random.Normal());
    if (first) gaze = goals;
    first = false;
    for (int s = 0; s < 2; ++s)
      gaze[s] += (goals[s] - gaze[s]) * (1 - std::exp(-dt / kSaccadeSeconds));

    double closure = 0;
    for (double blink : blinks) closure = std::max(closure, BlinkClosure(t - blink));
    const bool covered_right = frame.step == Step::kCoverRight,
               covered_left = frame.step == Step::kCoverLeft;
    frame.pose.expression = session.mood;
    for (int unit : {kBrowUpLeft, kBrowUpRight})
      frame.pose.expression[unit] += 0.9 * patient.brow_raise;
    for (int unit : {kBrowInnerLeft, kBrowInnerRight})
      frame.pose.expression[unit] += 0.5 * patient.brow_raise;
    for (Side side : kSides) {
      const int s = static_cast<int>(side);
      const EyeSigns& signs = patient.eyes[s];
      Eigen::Vector2d angles =
          gaze[s] + micro + 0.08 * Eigen::Vector2d(drift_x.At(t), drift_y.At(t));
      if (patient.drift_deg_per_s != 0) {
        // A slow drift that small saccades take back every half second.
        const double phase = std::fmod(t, 0.5);
        angles.x() += drift_direction * patient.drift_deg_per_s * (phase - 0.25);
      }
      frame.nystagmus_deg[s] = {0, 0};
      if (patient.nystagmus) {
        const Nystagmus& n = *patient.nystagmus;
        const double from_null =
            (gaze[s].x() - n.null_azimuth_deg) / std::max(1.0, n.null_width_deg);
        const double share =
            n.null_share + (1 - n.null_share) * (1 - std::exp(-from_null * from_null));
        // The stated amplitude is that of primary gaze.
        const double rest = n.null_azimuth_deg / std::max(1.0, n.null_width_deg);
        const double primary_share =
            n.null_share + (1 - n.null_share) * (1 - std::exp(-rest * rest));
        frame.nystagmus_deg[s] = BeatDirection(n.waveform) * n.amplitude_deg * share /
                                 primary_share * beats[static_cast<size_t>(f)];
        angles += frame.nystagmus_deg[s];
      }
      // Eyes dip down and in with a blink (Bour, Aramideh & Ongerboer de Visser 2000).
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

    // The paddle comes from below the eye and leaves the same way; between the eyes it slides over.
    if (covered_right || covered_left) {
      const double in = Ease((f - current.first_frame) * dt / 0.18);
      const bool from_other = segment > 0 && (segments_[segment - 1].step == Step::kCoverRight ||
                                              segments_[segment - 1].step == Step::kCoverLeft);
      const double x = covered_left ? 31 : -31;
      const Eigen::Vector3d over(x, 0, 45);
      const Eigen::Vector3d before =
          from_other ? Eigen::Vector3d(-x, 0, 45) : Eigen::Vector3d(x, -140, 60);
      frame.occluder.shown = true;
      frame.occluder.centre_mm = heads[f] * Eigen::Vector3d(before + in * (over - before));
    } else if (segment > 0 && (segments_[segment - 1].step == Step::kCoverRight ||
                               segments_[segment - 1].step == Step::kCoverLeft)) {
      const double out = (f - current.first_frame) * dt / 0.2;
      if (out < 1) {
        const double x = segments_[segment - 1].step == Step::kCoverLeft ? 31 : -31;
        frame.occluder.shown = true;
        frame.occluder.centre_mm = heads[f] * Eigen::Vector3d(x, -140 * Ease(out), 45 + 15 * out);
      }
    }
  }
}

Mesh OccluderMesh(const Occluder& occluder) {
  // A round spoon of 32 mm radius on a handle.
  constexpr int kRound = 40;
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
    mesh.positions.push_back(centre + 32.0f * Eigen::Vector3f(std::cos(angle), std::sin(angle), 0));
  }
  for (const auto& [x, y] :
       {std::pair(-6.f, 28.f), std::pair(6.f, 28.f), std::pair(6.f, 190.f), std::pair(-6.f, 190.f)})
    mesh.positions.push_back(centre + Eigen::Vector3f(x, y, 0.5f));
  mesh.normals.assign(mesh.positions.size(), Eigen::Vector3f(0, 0, -1));
  return mesh;
}

}  // namespace maskbench::virtual_clinic
