#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each source file names its licence in the first line, or in the second behind #!.
set -u
. tests/style/files.sh

bad=0
for file in $(c_files; shell_files; project_files | grep -e '\.am$' -e '\.ac$' -e '^man/.*\.[1-8]$'); do
	head -n 2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2\.0' || {
		echo "$file:1: no SPDX-License-Identifier"
		bad=1
	}
done
exit $bad
