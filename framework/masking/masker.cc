#include "maskbench/masking/masker.h"

#include "maskbench/core/hash.h"

namespace maskbench {

std::string AnonymousPatient(const std::string& id) {
  return "p" + HmacSha256("maskbench anonymous patient", id).substr(0, 15);
}

}  // namespace maskbench
