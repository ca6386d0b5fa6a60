#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "log/provenance.h"
#include "log_support.h"

namespace pgadvise::log::testing {
namespace {

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string out(size, ' ');
  for (auto& c : out) c = static_cast<char>(random());
  return out;
}

SourceIdentity identify(std::string_view bytes, std::size_t chunk) {
  IdentityBuilder builder;
  for (std::size_t at = 0; at < bytes.size(); at += chunk) builder.add(bytes.substr(at, chunk));
  return builder.identity();
}

TEST(Provenance, IsOfTheBytesHoweverTheyAreRead) {
  const std::string bytes = random_bytes(3'000'017, 1);
  for (const std::size_t size : {1, 63, 64, 65, 127, 128, 4095, 4096, 4097, 65536, 1'000'000, 3'000'017}) {
    const auto part = std::string_view(bytes).substr(0, size);
    const SourceIdentity whole = identify(part, part.size());
    for (const std::size_t chunk : {7, 64, 4096, 262144}) EXPECT_EQ(identify(part, chunk), whole) << size << " by " << chunk;
    EXPECT_EQ(identify_file(write_log(part)), whole) << size;
    EXPECT_EQ(whole.bytes, size);
  }
  EXPECT_FALSE(identify("", 1).known());
  EXPECT_FALSE(identify_file("/nonexistent").known());
}

TEST(Provenance, AGrownLogHoldsItsBeginning) {
  const std::string bytes = random_bytes(500'000, 2);
  for (std::size_t shorter = 64; shorter < bytes.size(); shorter = shorter * 5 / 3 + 1)
    for (std::size_t longer = shorter; longer < bytes.size(); longer = longer * 3 / 2 + 1) {
      const auto a = identify(std::string_view(bytes).substr(0, shorter), 4096), b = identify(std::string_view(bytes).substr(0, longer), 4096);
      EXPECT_TRUE(holds(b, a)) << shorter << " in " << longer;
      EXPECT_EQ(holds(a, b), shorter == longer);
    }
}

TEST(Provenance, AnotherLogIsNotHeld) {
  const std::string bytes = random_bytes(300'000, 3);
  const SourceIdentity whole = identify(bytes, 4096);
  for (const std::size_t changed : {0, 100, 5'000, 250'000, 299'999}) {
    std::string other = bytes;
    other[changed] = static_cast<char>(other[changed] + 1);
    EXPECT_FALSE(holds(whole, identify(other, 4096))) << "one byte differs at " << changed;
  }
  EXPECT_FALSE(holds(whole, identify(std::string_view(bytes).substr(1000, 5000), 4096)));
  EXPECT_FALSE(holds(whole, {}));
  EXPECT_FALSE(holds(whole, identify("x", 1))) << "too short to tell";
}

}  // namespace
}  // namespace pgadvise::log::testing
