#include "maskbench/stats/diagnostic_accuracy.h"

#include <map>

namespace maskbench {

DiagnosticAccuracy AccuracyOf(const std::vector<DiagnosticReading>& readings, double confidence) {
  struct Patient {
    ClusterShare diseased, healthy;
  };
  std::map<int, Patient> patients;
  for (const DiagnosticReading& reading : readings) {
    Patient& patient = patients[reading.patient];
    ClusterShare& share = reading.diseased ? patient.diseased : patient.healthy;
    share.n += 1;
    share.hits += reading.called == reading.diseased ? 1 : 0;
  }
  std::vector<ClusterShare> diseased, healthy, all;
  for (const auto& [id, patient] : patients) {
    diseased.push_back(patient.diseased);
    healthy.push_back(patient.healthy);
    all.push_back(
        {patient.diseased.hits + patient.healthy.hits, patient.diseased.n + patient.healthy.n});
  }
  return {ClusteredProportion(diseased, confidence), ClusteredProportion(healthy, confidence),
          ClusteredProportion(all, confidence)};
}

}  // namespace maskbench
