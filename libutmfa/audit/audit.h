// SPDX-License-Identifier: Apache-2.0
// One event, one line. Secrets cannot be put in: fields are text that was cleaned, and there is no overload for Secret.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace utmfa {

struct Event {
  std::string what;  // granted, denied, locked, applied, reset ...
  std::string user, service, from, tty;
  std::string method, kind;
  std::string reason;
  std::string by;         // administrator, for changes
  int failures = -1;      // -1 = not said
  std::string also_tell;  // an address that a notice goes to besides the person's own; never written to the log
};

// key=value, quoted where needed, cleaned of control characters, at most 1,024 bytes.
std::string audit_line(const Event& event);

class Audit {
 public:
  virtual Status record(const Event& event) = 0;

 protected:
  ~Audit() = default;
};

// journald's own socket with UTMFA_ fields where there is one, otherwise /dev/log; connected
// again when the daemon behind it was restarted.
class SystemAudit final : public Audit {
 public:
  SystemAudit();
  ~SystemAudit();
  SystemAudit(const SystemAudit&) = delete;
  SystemAudit& operator=(const SystemAudit&) = delete;
  Status record(const Event& event) override;

 private:
  void open();
  Status send(const Event& event);
  int fd_ = -1;
  enum class Sink { journal, syslog, none } sink_ = Sink::none;
};

}  // namespace utmfa
