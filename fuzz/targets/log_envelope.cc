// Lines out of syslog's and the hosting providers' envelopes.
#include "base/text.h"
#include "log/envelope.h"
#include "support.h"

namespace pgadvise::fuzz {

void log_envelope(std::string_view input) {
  using log::Envelope;
  for (const auto line : split(input, '\n'))
    for (const auto envelope : {Envelope::syslog, Envelope::cloudwatch, Envelope::logplex, Envelope::cloud_sql, Envelope::azure, Envelope::cloudnativepg})
      for (const bool stamped : {false, true}) {
        std::string out, again = "what was there before";
        const bool unwrapped = log::unwrap(envelope, line, stamped, out);
        require(log::unwrap(envelope, line, stamped, again) == unwrapped, "the same line gives the same answer");
        if (unwrapped) require(out == again, "what was there before is gone");
        require(out.size() <= 4 * line.size() + 100, "little is added");
      }
}

}  // namespace pgadvise::fuzz
