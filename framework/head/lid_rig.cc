#include "maskbench/head/lid_rig.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <Eigen/SparseCholesky>
#include <Eigen/SparseCore>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr double kRadians = 3.14159265358979323846 / 180.0;
// The canthi of a drawn head lie farther forward than a globe of natural size leaves them; so far
// they are set back. The rest of the way is bridged by the tangents of the contact surface.
constexpr double kCanthusBackMm = 2.2;
// Lids leave the globe no earlier and no later than here.
constexpr double kFirstTangentDeg = 30, kLastTangentDeg = 58;
// How far the skin follows its margin.
constexpr double kUpperReachMm = 17, kLowerReachMm = 17;
constexpr int kColumns = 65;
// Turns for skin farther from the margin are means over wider stretches of it.
constexpr int kBlurLevels = 5;
constexpr double kBlurStepMm = 2.0, kBlurMm = 1.6;
// The closed lids meet at this share of the way from the lower to the upper resting margin.
constexpr double kClosureShare = 0.12;
// The upper lid closes over the lower one by so much, so that no hair line of globe stays.
constexpr double kOverlapMm = 0.25;

// Where the tangent through a point outside the globe touches it: angle from straight ahead.
double TangentThrough(double globe_radius_mm, double x_mm, double distance_mm) {
  const double far = std::hypot(x_mm, distance_mm);
  const double tangent = far <= globe_radius_mm
                             ? kLastTangentDeg * kRadians
                             : std::atan2(x_mm, distance_mm) - std::acos(globe_radius_mm / far);
  return std::clamp(tangent, kFirstTangentDeg * kRadians, kLastTangentDeg * kRadians);
}

double Smooth(double t) {
  t = std::clamp(t, 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

}  // namespace

double LidContactRadiusMm(double globe_radius_mm, double temporal_mm, double nasal_tangent_rad,
                          double temporal_tangent_rad) {
  const double limit = temporal_mm > 0 ? temporal_tangent_rad : nasal_tangent_rad;
  const double tangent_x = globe_radius_mm * std::sin(limit);
  const double x = std::abs(temporal_mm);
  if (x <= tangent_x) return std::sqrt(globe_radius_mm * globe_radius_mm - x * x);
  const double at = globe_radius_mm * std::cos(limit);
  return std::max(1.0, at - (x - tangent_x) * std::tan(limit));
}

LidPose FollowGaze(const LidPose& primary, double elevation_deg, const LidFollow& follow) {
  constexpr double kReachMm = 12.12;
  auto turn = [](double height_mm, double degrees) {
    return kReachMm *
           std::sin(std::asin(std::clamp(height_mm / kReachMm, -0.95, 0.95)) + degrees * kRadians);
  };
  const bool up = elevation_deg > 0;
  LidPose pose = primary;
  pose.upper_mm =
      turn(primary.upper_mm, (up ? follow.upper_up : follow.upper_down) * elevation_deg);
  pose.lower_mm =
      -turn(-primary.lower_mm, (up ? follow.lower_up : follow.lower_down) * elevation_deg);
  return pose;
}

LidPose CloseLids(const LidPose& open, double closure, double closed_height_mm) {
  LidPose pose = open;
  pose.upper_mm += closure * (closed_height_mm - open.upper_mm);
  pose.lower_mm += closure * (-closed_height_mm - open.lower_mm);
  return pose;
}

// Resting margins as functions of the column: angle and distance of the inner margins.
struct LidRig::Curves {
  double first_x = 0, last_x = 0;  // Temporal positive.
  std::array<double, kColumns> upper_angle{}, lower_angle{}, upper_radius{}, lower_radius{};

  double Column(double x) const {
    return std::clamp((x - first_x) / (last_x - first_x) * (kColumns - 1), 0.0, kColumns - 1.0);
  }
  static double At(const std::array<double, kColumns>& values, double column) {
    const int k = std::min(static_cast<int>(column), kColumns - 2);
    const double t = column - k;
    return values[k] * (1 - t) + values[k + 1] * t;
  }
  double Closed(double column) const {
    const double low = At(lower_angle, column);
    return low + kClosureShare * (At(upper_angle, column) - low);
  }
};

LidRig::LidRig(const HeadSurface& surface, const HeadTopology& topology,
               const Eigen::Matrix3Xd& mean_vertices)
    : surface_(surface) {
  const Eigen::Matrix3Xd mean = surface_.Positions(mean_vertices);
  const int count = surface_.vertex_count();
  std::vector<std::set<int>> neighbours(count);
  for (const auto& t : surface_.triangles())
    for (int k = 0; k < 3; ++k) {
      neighbours[t[k]].insert(t[(k + 1) % 3]);
      neighbours[t[(k + 1) % 3]].insert(t[k]);
    }
  for (Side side : kSides) {
    const int s = static_cast<int>(side);
    OneSide& one = sides_[s];
    const HeadSurface::Margin& margin = surface_.margins()[s];
    const Eigen::Vector3d centre = Locate(topology.globe_centre[s], mean_vertices);
    std::vector<Eigen::Vector3d> outer;
    for (const std::vector<int>* chain : {&margin.upper_outer, &margin.lower_outer})
      for (int v : *chain) outer.push_back(mean.col(v));

    // The region: what is joined to the margin over the mesh within reach.
    std::map<int, int> entry;  // Vertex → entry of region.
    std::vector<int> front;
    auto visit = [&](int v) {
      if (entry.count(v)) return;
      double nearest = std::numeric_limits<double>::max();
      for (const Eigen::Vector3d& point : outer)
        nearest = std::min(nearest, (mean.col(v) - point).norm());
      const double reach = mean(1, v) > centre.y() ? kUpperReachMm : kLowerReachMm;
      if (nearest > reach) return;
      entry[v] = static_cast<int>(one.region.size());
      one.region.push_back(v);
      Share share;
      share.ring = surface_.ring()[v];
      share.distance_mm = share.ring <= 1 ? 0.0f : static_cast<float>(nearest);
      one.shares.push_back(share);
      front.push_back(v);
    };
    for (const std::vector<int>* chain :
         {&margin.upper_inner, &margin.lower_inner, &margin.upper_outer, &margin.lower_outer})
      for (int v : *chain) visit(v);
    while (!front.empty()) {
      const int v = front.back();
      front.pop_back();
      for (int other : neighbours[v]) visit(other);
    }

    // Margin vertices are upper or lower by the chain they belong to; those between the chains take
    // after their nearest chain vertex. Corners count half.
    std::map<int, double> upper_of;
    auto mark = [&](const std::vector<int>& chain, double value) {
      for (size_t k = 0; k < chain.size(); ++k) {
        const bool corner = k == 0 || k + 1 == chain.size();
        const auto found = upper_of.find(chain[k]);
        if (corner)
          upper_of[chain[k]] = 0.5;
        else if (found == upper_of.end())
          upper_of[chain[k]] = value;
      }
    };
    mark(margin.upper_inner, 1);
    mark(margin.upper_outer, 1);
    mark(margin.lower_inner, 0);
    mark(margin.lower_outer, 0);
    for (size_t k = 0; k < one.region.size(); ++k) {
      const int v = one.region[k];
      if (one.shares[k].ring > 1 || upper_of.count(v)) continue;
      double best = std::numeric_limits<double>::max(), value = 0.5;
      for (const auto& [other, upper] : upper_of) {
        const double distance = (mean.col(other) - mean.col(v)).norm();
        if (distance < best) {
          best = distance;
          value = upper;
        }
      }
      one.shares[k].upper = static_cast<float>(value);
    }
    for (const auto& [v, upper] : upper_of)
      one.shares[entry.at(v)].upper = static_cast<float>(upper);

    // Biharmonic shares: least squares of the differences between vertices and the means of their
    // neighbours (weighted by inverse distance), which has no kink at the canthi.
    const int n = static_cast<int>(one.region.size());
    auto solve = [&](auto fixed) {
      std::vector<Eigen::Triplet<double>> free_entries;
      std::vector<int> free_of(static_cast<size_t>(n), -1);
      Eigen::VectorXd value = Eigen::VectorXd::Zero(n);
      int free_count = 0;
      for (int k = 0; k < n; ++k)
        if (!fixed(k, &value[k])) free_of[static_cast<size_t>(k)] = free_count++;
      double outside = 0;
      fixed(-1, &outside);
      Eigen::VectorXd right = Eigen::VectorXd::Zero(n);
      for (int k = 0; k < n; ++k) {
        double total = 0;
        for (int other : neighbours[one.region[k]])
          total += 1.0 / std::max(0.05, (mean.col(other) - mean.col(one.region[k])).norm());
        auto put = [&](int e, double weight) {
          if (e < 0)
            right[k] -= weight * outside;
          else if (free_of[static_cast<size_t>(e)] < 0)
            right[k] -= weight * value[e];
          else
            free_entries.emplace_back(k, free_of[static_cast<size_t>(e)], weight);
        };
        put(k, 1.0);
        for (int other : neighbours[one.region[k]]) {
          const double weight =
              1.0 / std::max(0.05, (mean.col(other) - mean.col(one.region[k])).norm());
          const auto found = entry.find(other);
          put(found == entry.end() ? -1 : found->second, -weight / total);
        }
      }
      Eigen::SparseMatrix<double> rows(n, free_count);
      rows.setFromTriplets(free_entries.begin(), free_entries.end());
      const Eigen::SparseMatrix<double> normal = rows.transpose() * rows;
      Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>> solver(normal);
      if (solver.info() != Eigen::Success)
        throw DataError("lid rig: the mesh round an eye is broken");
      const Eigen::VectorXd solution = solver.solve(rows.transpose() * right);
      for (int k = 0; k < n; ++k)
        if (free_of[static_cast<size_t>(k)] >= 0)
          value[k] = solution[free_of[static_cast<size_t>(k)]];
      return value;
    };
    const Eigen::VectorXd motion = solve([&](int k, double* value) {
      *value = 0;
      if (k < 0) return true;
      if (one.shares[k].ring <= 1) {
        *value = 1;
        return true;
      }
      return false;
    });
    const Eigen::VectorXd upper = solve([&](int k, double* value) {
      *value = 0.5;
      if (k < 0) return true;
      if (one.shares[k].ring <= 1) {
        *value = one.shares[k].upper;
        return true;
      }
      return false;
    });
    for (int k = 0; k < n; ++k) {
      one.shares[k].motion = static_cast<float>(std::clamp(motion[k], 0.0, 1.0));
      one.shares[k].upper = static_cast<float>(std::clamp(upper[k], 0.0, 1.0));
      if (one.shares[k].ring <= 1) one.margin_entries.push_back(k);
    }
  }
}

LidRig::Curves LidRig::RestCurves(Side side, const Eigen::Vector3d& centre,
                                  const Eigen::Matrix3Xd& rest) const {
  const double temporal = side == Side::kLeft ? 1.0 : -1.0;
  const HeadSurface::Margin& margin = surface_.margins()[static_cast<int>(side)];
  Curves curves;
  curves.first_x = temporal * (rest(0, margin.upper_inner.front()) - centre.x());
  curves.last_x = temporal * (rest(0, margin.upper_inner.back()) - centre.x());
  if (curves.last_x - curves.first_x < 5)
    throw DataError("lid rig: an eye opening is less than 5 mm wide");
  auto fill = [&](const std::vector<int>& chain, std::array<double, kColumns>* angles,
                  std::array<double, kColumns>* radii) {
    // The chain as a function of x: points that step back are left out.
    std::vector<std::array<double, 3>> points;
    for (int v : chain) {
      const Eigen::Vector3d p = rest.col(v) - centre;
      const double x = temporal * p.x();
      if (!points.empty() && x <= points.back()[0] + 1e-6) continue;
      if (x > curves.last_x + 1e-9) break;
      points.push_back({x, std::atan2(p.y(), p.z()), std::hypot(p.y(), p.z())});
    }
    size_t k = 0;
    for (int c = 0; c < kColumns; ++c) {
      const double x = curves.first_x + (curves.last_x - curves.first_x) * c / (kColumns - 1);
      while (k + 2 < points.size() && points[k + 1][0] < x) ++k;
      const double span = points[k + 1][0] - points[k][0];
      const double t = std::clamp((x - points[k][0]) / span, 0.0, 1.0);
      (*angles)[c] = points[k][1] * (1 - t) + points[k + 1][1] * t;
      (*radii)[c] = points[k][2] * (1 - t) + points[k + 1][2] * t;
    }
  };
  fill(margin.upper_inner, &curves.upper_angle, &curves.upper_radius);
  fill(margin.lower_inner, &curves.lower_angle, &curves.lower_radius);
  return curves;
}

double LidRig::ClosedHeightMm(Side side, const Eigen::Vector3d& rest_centre_mm,
                              const Eigen::Matrix3Xd& rest) const {
  const Curves curves = RestCurves(side, rest_centre_mm, rest);
  return 12.0 * std::sin(curves.Closed(curves.Column(0)));
}

LidPose LidRig::RestPose(Side side, const Eigen::Vector3d& rest_centre_mm,
                         const Eigen::Matrix3Xd& rest) const {
  const Curves curves = RestCurves(side, rest_centre_mm, rest);
  LidPose pose;
  pose.upper_mm = 12.0 * std::sin(Curves::At(curves.upper_angle, curves.Column(0)));
  pose.lower_mm = -12.0 * std::sin(Curves::At(curves.lower_angle, curves.Column(0)));
  return pose;
}

EyeState LidRig::Run(Side side, const EyeShape& shape, const EyePose& eye, const LidPose& lids,
                     const LidShape& skin, const Eigen::Vector3d& rest_centre,
                     const Eigen::Matrix3Xd& rest, bool margins_only, Eigen::Matrix3Xd* moved,
                     std::vector<Shade>* shade) const {
  const OneSide& one = sides_[static_cast<int>(side)];
  const double temporal = side == Side::kLeft ? 1.0 : -1.0;
  EyeState state;
  state.rest_centre_mm = rest_centre;
  state.globe_centre_mm = rest_centre + Eigen::Vector3d(0, 0, eye.protrusion_mm);
  state.rotation = EyeRotation(eye.azimuth_deg, eye.elevation_deg, eye.torsion_deg);
  const Eigen::Matrix3d to_eye = state.rotation.transpose();

  const Curves curves = RestCurves(side, rest_centre, rest);
  const double radius = shape.globe_radius_mm;
  state.nasal_tangent_rad =
      TangentThrough(radius, -curves.first_x, curves.upper_radius.front() - kCanthusBackMm);
  state.temporal_tangent_rad =
      TangentThrough(radius, curves.last_x, curves.upper_radius.back() - kCanthusBackMm);
  auto contact_at = [&](double x) {
    return LidContactRadiusMm(radius, x, state.nasal_tangent_rad, state.temporal_tangent_rad) +
           kInnerClearanceMm;
  };
  // Turn of both margins by column. Heights count at the globe's column; the resting contour is
  // scaled from the closure line, which keeps every identity's own contour.
  const double middle = curves.Column(0);
  const double closed = curves.Closed(middle);
  const double reach = radius + kInnerClearanceMm;
  auto angle_of = [&](double height) { return std::asin(std::clamp(height / reach, -0.95, 0.95)); };
  const double upper_goal = angle_of(lids.upper_mm);
  const double lower_goal = -angle_of(lids.lower_mm);
  const double upper_rest = Curves::At(curves.upper_angle, middle);
  const double lower_rest = Curves::At(curves.lower_angle, middle);
  // Where both lie on the same side of the closure line the contour is moved, not scaled.
  const double upper_span = std::max(0.05, upper_rest - closed);
  const double lower_span = std::max(0.05, closed - lower_rest);
  std::array<std::array<double, kColumns>, kBlurLevels> upper_turn{}, lower_turn{};
  for (int c = 0; c < kColumns; ++c) {
    const double u = curves.upper_angle[c], l = curves.lower_angle[c], k = curves.Closed(c);
    const double x = curves.first_x + (curves.last_x - curves.first_x) * c / (kColumns - 1);
    // A bump that keeps the canthi, for what moves both lids together.
    const double edge = std::min(1.0, std::max(0.0, (u - k) / upper_span));
    const double sag = std::sqrt(edge);
    double upper = upper_goal >= closed ? k + (upper_goal - closed) / upper_span * (u - k)
                                        : k + (upper_goal - closed) * sag;
    const double lower = lower_goal <= closed ? k - (closed - lower_goal) / lower_span * (k - l)
                                              : k + (lower_goal - closed) * sag;
    if (lids.lateral_flare_mm != 0) {
      const double t = std::clamp(x / std::max(1.0, curves.last_x), -1.0, 1.0);
      const double bump = t > 0 ? std::sin(3.14159265358979 * std::pow(t, 0.75)) : 0.0;
      upper += lids.lateral_flare_mm / radius * bump;
    }
    upper = std::max(upper, lower - kOverlapMm / radius);
    upper_turn[0][c] = upper - u;
    lower_turn[0][c] = lower - l;
  }
  if (!margins_only) {
    const double step = (curves.last_x - curves.first_x) / (kColumns - 1);
    for (auto* turns : {&upper_turn, &lower_turn})
      for (int level = 1; level < kBlurLevels; ++level) {
        const int width = static_cast<int>(level * kBlurMm / step);
        for (int c = 0; c < kColumns; ++c) {
          double sum = 0, total = 0;
          for (int d = -width; d <= width; ++d) {
            const double weight = width + 1 - std::abs(d);
            // Beyond the canthi nothing turns.
            if (c + d >= 0 && c + d < kColumns) sum += weight * (*turns)[0][c + d];
            total += weight;
          }
          (*turns)[level][c] = sum / total;
        }
      }
  }
  const double openness =
      std::clamp((upper_goal - lower_goal) / std::max(0.2, upper_rest - lower_rest), 0.0, 1.5);

  const double shut = std::clamp(1.0 - openness, 0.0, 1.0);

  auto place = [&](size_t entry) {
    const int v = one.region[entry];
    const Share& share = one.shares[entry];
    const Eigen::Vector3d p = rest.col(v) - rest_centre;
    const double x = temporal * p.x();
    const double column = curves.Column(x);
    const double ring = std::min(1.0f, share.ring);
    const double upper = share.upper;
    const double share_upper = Smooth(upper), share_lower = 1 - share_upper;
    const double thickness = upper * kUpperThicknessMm + (1 - upper) * kLowerThicknessMm;
    Eigen::Vector3d q;
    double angle, follow = share.motion;
    if (share.ring <= 1) {
      // The lower margin's wet strip faces a little upwards, so it is seen from the front.
      angle = std::atan2(p.y(), p.z()) + share_upper * Curves::At(upper_turn[0], column) +
              share_lower * Curves::At(lower_turn[0], column) -
              ring * (1 - upper) * 0.35 / radius * std::min(1.0, openness);
      const double distance = contact_at(x) + ring * thickness;
      q = {temporal * x, distance * std::sin(angle), distance * std::cos(angle)};
      follow = 1;
    } else {
      // Farther skin turns with a wider stretch of the margin.
      const double level = std::min<double>(share.distance_mm / kBlurStepMm, kBlurLevels - 1.001);
      const int low = static_cast<int>(level);
      const double blend = level - low;
      auto turn_of = [&](const std::array<std::array<double, kColumns>, kBlurLevels>& turns) {
        return (1 - blend) * Curves::At(turns[low], column) +
               blend * Curves::At(turns[low + 1], column);
      };
      // Of a closing lid mostly the skin near the margin moves.
      const double motion = Smooth(share.motion);
      const double turn = std::pow(motion, 1 + 1.3 * shut) *
                          (share_upper * turn_of(upper_turn) + share_lower * turn_of(lower_turn));
      q = {p.x(), p.y() * std::cos(turn) + p.z() * std::sin(turn),
           p.z() * std::cos(turn) - p.y() * std::sin(turn)};
      // What lays the margin on the contact surface is passed on, fading outwards, along the
      // margin's own direction.
      const double margin_radius = share_upper * Curves::At(curves.upper_radius, column) +
                                   share_lower * Curves::At(curves.lower_radius, column);
      angle = share_upper * (Curves::At(curves.upper_angle, column) + turn) +
              share_lower * (Curves::At(curves.lower_angle, column) + turn);
      const double edge = std::clamp(x, curves.first_x, curves.last_x);
      const double settle = motion * (contact_at(edge) - margin_radius);
      q += settle * Eigen::Vector3d(0, std::sin(angle), std::cos(angle));
      angle = std::atan2(q.y(), std::max(2.0, q.z()));
    }
    // A closing lid draws its skin out of the fold and lays it on the globe.
    if (share.ring > 1 && shut > 0) {
      const double r = q.norm();
      const double lies = shape.SurfaceRadiusMm(to_eye * q / r) + kInnerClearanceMm + thickness;
      const double inner = 1 - std::pow(std::abs(2 * column / (kColumns - 1) - 1), 3.0);
      if (r > lies)
        q *= 1 +
             (lies / r - 1) * 0.8 * shut * inner * share_upper * Smooth(1.4 * share.motion - 0.4);
    }
    // Skin relief: crease, fold, swelling; outwards from the globe's axis.
    if (share.ring > 1 && !margins_only) {
      const double d = share.distance_mm;
      double out = 0;
      double dark = 0;
      // Fades towards the canthi.
      const double centred = 1 - std::pow(std::abs(2 * column / (kColumns - 1) - 1), 4.0);
      if (share_upper > 0.5) {
        const double open = std::clamp(0.25 + 0.75 * openness, 0.0, 1.1);
        const double crease = std::exp(-std::pow((d - skin.crease_distance_mm) / 1.1, 2));
        const double fold = std::exp(-std::pow((d - skin.crease_distance_mm - 2.6) / 2.0, 2));
        out += centred * (open * (skin.fold_fullness_mm * fold - skin.crease_depth_mm * crease));
        out += skin.swelling_upper_mm * centred *
               std::exp(-std::pow((d - skin.crease_distance_mm - 1.5) / 4.5, 2));
        dark = centred * open * 0.55 * crease * std::min(1.0, skin.crease_depth_mm / 0.7);
      } else {
        out += skin.swelling_lower_mm * centred * std::exp(-std::pow((d - 7.0) / 4.0, 2));
      }
      q += out * Eigen::Vector3d(0, std::sin(angle), std::cos(angle));
      if (shade != nullptr)
        (*shade)[v] = {
            static_cast<float>(1 - dark),
            static_cast<float>(Smooth(share.motion) * std::clamp(1.0 - openness, 0.0, 1.0))};
    }
    q += Eigen::Vector3d(0, 0, follow * eye.protrusion_mm);
    // Out of the globe and the cornea.
    const Eigen::Vector3d from_globe = q - Eigen::Vector3d(0, 0, eye.protrusion_mm);
    const double r = from_globe.norm();
    if (r > 1e-6 && share.motion > 0.02) {
      const double least =
          shape.SurfaceRadiusMm(to_eye * from_globe / r) + kInnerClearanceMm + ring * thickness;
      if (r < least) q = Eigen::Vector3d(0, 0, eye.protrusion_mm) + from_globe * (least / r);
    }
    moved->col(v) = rest_centre + q;
  };
  if (margins_only) {
    for (int entry : one.margin_entries) place(static_cast<size_t>(entry));
  } else {
    for (size_t entry = 0; entry < one.region.size(); ++entry) place(entry);
  }
  return state;
}

EyeState LidRig::Pose(Side side, const EyeShape& shape, const EyePose& eye, const LidPose& lids,
                      const LidShape& skin, const Eigen::Vector3d& rest_centre_mm,
                      const Eigen::Matrix3Xd& rest, Eigen::Matrix3Xd* moved,
                      std::vector<Shade>* shade) const {
  return Run(side, shape, eye, lids, skin, rest_centre_mm, rest, false, moved, shade);
}

EyeState LidRig::PoseMargins(Side side, const EyeShape& shape, const EyePose& eye,
                             const LidPose& lids, const Eigen::Vector3d& rest_centre_mm,
                             const Eigen::Matrix3Xd& rest, Eigen::Matrix3Xd* moved) const {
  return Run(side, shape, eye, lids, LidShape(), rest_centre_mm, rest, true, moved, nullptr);
}

}  // namespace maskbench
