#include "pdarts/base/sha256.h"

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
  CHECK(context_ != nullptr) << "Sha256::Update after the digest";
  CHECK_EQ(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()), 1);
}

std::string Sha256::Bytes() {
  CHECK(context_ != nullptr) << "the digest was taken before";
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  CHECK_EQ(
      EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), &size),
      1);
  CHECK_EQ(size, 32u);
  context_.reset();
  digest.resize(size);
  return digest;
}

std::string Sha256::Hex() { return absl::BytesToHexString(Bytes()); }

Sha256 Sha256Of(absl::string_view bytes) {
  Sha256 sha256;
  sha256.Update(bytes);
  return sha256;
}

}  // namespace pdarts
