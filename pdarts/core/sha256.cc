#include "pdarts/core/sha256.h"

#include "absl/strings/escaping.h"
#include "glog/logging.h"
#include "openssl/evp.h"

namespace pdarts {

void Sha256::Deleter::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  CHECK(context_ != nullptr);
  CHECK_EQ(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr), 1);
}

void Sha256::Update(absl::string_view bytes) {
  CHECK(context_ != nullptr) << "Sha256::Update after Hex";
  CHECK_EQ(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()), 1);
}

std::string Sha256::Hex() {
  CHECK(context_ != nullptr) << "Sha256::Hex called twice";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK_EQ(EVP_DigestFinal_ex(context_.get(), digest, &size), 1);
  CHECK_EQ(size, 32u);
  context_.reset();
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
}

}  // namespace pdarts
