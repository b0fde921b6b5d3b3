// SPDX-License-Identifier: Apache-2.0
// The one PAM file that is changed: read, exchanged whole, and put back. The file as it was stays beside it, complete,
// so that putting it back is one rename, which needs no room on a full disk. Owner, mode and labels stay.
#pragma once

#include <string>

#include "base/file.h"

namespace utmfa {

class PamFile {
 public:
  // Refused where it is a link (authselect), or where others than root may write it.
  static Result<PamFile> open(const std::string& directory, const std::string& service);

  const std::string& text() const { return text_; }
  const std::string& path() const { return path_; }

  // Code::conflict where somebody changed the file since it was opened.
  Status unchanged() const;
  Status replace(const std::string& text);
  // The same where it makes the file shorter, also on a disk without room.
  Status take_out(const std::string& shorter);
  // As it was before replace(); where somebody changed it since, only our lines are taken out.
  static Status put_back(const std::string& directory, const std::string& service, const std::string& written);
  // The file as it was is no longer needed beside.
  static void forget(const std::string& directory, const std::string& service);

 private:
  PamFile(Descriptor directory, Descriptor file, std::string service, std::string path, std::string text)
      : directory_(std::move(directory)), file_(std::move(file)), service_(std::move(service)), path_(std::move(path)),
        text_(std::move(text)) {}
  Status write_new(const std::string& name, const std::string& text) const;
  Status overwrite(const std::string& shorter) const;

  Descriptor directory_, file_;
  std::string service_, path_, text_;
};

}  // namespace utmfa
