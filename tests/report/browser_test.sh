#!/bin/bash
# Tests reports of small searches in a browser.
# usage: browser_test.sh BROWSER_TEST_PY PDARTS
for needed in /usr/bin/chromium /usr/bin/chromedriver /usr/lib/python3/dist-packages/selenium; do
  [ -e "$needed" ] || {
    echo "$needed is missing: apt-get install chromium chromium-driver python3-selenium"
    exit 1
  }
done
exec /usr/bin/python3 "$1" "$PWD/$2"
