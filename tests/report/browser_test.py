"""Opens reports in headless Chromium. Tests that they draw everything, print nothing on the console, fetch
nothing, fit on a phone, and support the keyboard, the color scheme and the printer.

usage: browser_test.py PDARTS
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

PDARTS = sys.argv.pop()
WIDTHS = {"wide": 1280, "phone": 390}
SPEC = """
name: "%s"
space { [type.googleapis.com/%s] {} }
dataset {
  [type.googleapis.com/pdarts.synthetic.SyntheticConfig] {
    classes: 2 height: 8 width: 8 train_images: 48 test_images: 8
  }
}
schedule {
  [type.googleapis.com/pdarts.schedules.PdartsScheduleConfig] {
    stages { cells: %d channels: 2 epochs: 3 warmup_epochs: 0 keep: 3 }
    stages { cells: %d channels: 2 epochs: 3 warmup_epochs: 0 keep: 1 }
  }
}
%s
search { batch_size: 8 }
"""
DARTS = SPEC % ("cells", "pdarts.darts.DartsSpaceConfig", 2, 3,
                "regularizers { [type.googleapis.com/pdarts.regularizers.SkipLimitConfig] {} }")
NASBENCH201 = SPEC % ("table", "pdarts.nasbench201.NasBench201SpaceConfig", 1, 2,
                      "benchmark { [type.googleapis.com/pdarts.nasbench201.NasBench201TableConfig] {} }")


def search(folder, spec, *flags):
    """Runs a search; returns its folder."""
    file = folder / "spec.textproto"
    file.write_text(spec)
    subprocess.run([PDARTS, "search", f"--spec={file}", "--threads=1", *flags], check=True,
                   cwd=folder, stdout=subprocess.DEVNULL)


class ReportInBrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR")))
        os.environ["HOME"] = str(folder)  # for the files of the browser
        search(folder, DARTS, "--seed=1")
        search(folder, DARTS, "--seed=2")
        search(folder, NASBENCH201)
        subprocess.run([PDARTS, "report", "runs"], check=True, cwd=folder, stdout=subprocess.DEVNULL)
        subprocess.run([PDARTS, "train", "--run=runs/cells-seed1", "--threads=1", "--set=network.cells=2",
                        "--set=network.channels=4", "--set=train.epochs=1", "--set=train.batch_size=8",
                        "--set=train.auxiliary_weight=0", "--set=train.augmentation.cutout=0"],
                       check=True, cwd=folder, stdout=subprocess.DEVNULL)
        cls.pages = {
            "darts": folder / "runs/cells-seed1/report.html",
            "nasbench201": folder / "runs/table-seed1/report.html",
            "training": folder / "runs/train_cells-seed1/report.html",
            "comparison": folder / "comparison.html",
        }
        cls.folder = folder
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                     "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        cls.browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()

    def command(self, name, **parameters):
        return self.browser.execute_cdp_cmd(name, parameters)

    def run_script(self, script):
        return self.browser.execute_script(script)

    def open(self, page, width="wide", scheme="light"):
        self.command("Emulation.setEmulatedMedia", media="",
                     features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.command("Emulation.setDeviceMetricsOverride", width=WIDTHS[width], height=900,
                     deviceScaleFactor=1, mobile=width == "phone")
        self.browser.get_log("browser")
        self.browser.get_log("performance")
        self.browser.get(self.pages[page].as_uri())

    def requests(self):
        messages = [json.loads(entry["message"])["message"]
                    for entry in self.browser.get_log("performance")]
        return [m["params"]["request"]["url"] for m in messages
                if m["method"] == "Network.requestWillBeSent"]

    def visible(self, selector):
        return [e for e in self.browser.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed()]

    def pixels(self, canvas):
        """The number of pixels of a canvas that were drawn."""
        return self.run_script(
            f"const c = document.getElementById('{canvas}'), n = c.width * c.height;"
            "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
            "let drawn = 0; for (let i = 0; i < n; ++i) drawn += d[4 * i + 3] > 0; return drawn")

    def test_nothing_is_fetched_and_nothing_goes_wrong(self):
        for page, path in self.pages.items():
            for width in WIDTHS:
                for scheme in ("light", "dark"):
                    with self.subTest(page=page, width=width, scheme=scheme):
                        self.open(page, width, scheme)
                        self.assertEqual(self.browser.get_log("browser"), [])
                        self.assertEqual([u for u in self.requests() if not u.startswith("data:")], [path.as_uri()])
                        self.assertLessEqual(
                            self.run_script("return document.documentElement.scrollWidth"), WIDTHS[width])
                        self.screenshot(f"{page}-{width}-{scheme}")

    def test_the_log_of_the_console_is_heard(self):
        self.open("darts")
        self.run_script("new Image().src = 'http://localhost:9/x.png'")
        self.assertIn("Content Security Policy", str(self.browser.get_log("browser")))

    def test_the_cells_are_drawn(self):
        edges = {"darts": (("normal", 8), ("reduce", 8)), "nasbench201": (("cell", 6),)}
        for page, cells in edges.items():
            for width in WIDTHS:
                self.open(page, width)
                for cell, count in cells:
                    with self.subTest(page=page, width=width, cell=cell):
                        self.assertEqual(len(self.visible(f"#{cell}_cell svg")), 1)
                        # An architecture of the benchmark may have fewer edges than the cell.
                        drawn = self.visible(f"#{cell}_cell svg .op path")
                        if page == "darts":
                            self.assertEqual(len(drawn), count)
                        self.assertTrue(1 <= len(drawn) <= count, len(drawn))
                        box = self.visible(f"#{cell}_cell svg")[0].rect
                        self.assertGreater(box["width"], 200)
                        self.assertLessEqual(box["x"] + box["width"], WIDTHS[width])

    def test_pictures_and_the_matrix_of_confusion_are_shown(self):
        self.open("training")
        widths = self.run_script("return [...document.querySelectorAll('.pictures img')].map((i) => i.naturalWidth)")
        self.assertGreaterEqual(len(widths), 8)
        self.assertEqual(set(widths), {32})  # each pixel of the 8x8 images is a square of 4x4 pixels
        self.assertEqual(len(self.visible(".confusion tbody tr")), 2)
        self.open("darts")
        self.assertEqual(len(self.visible("#samples ~ .pictures img")), 8)

    def test_every_chart_is_drawn(self):
        for page, charts in {"darts": 3 + 28, "nasbench201": 4 + 6, "comparison": 6}.items():
            with self.subTest(page=page):
                self.open(page)
                self.assertEqual(self.run_script("return document.documentElement.dataset.charts"), str(charts))
                for i in range(charts):
                    self.assertGreater(self.pixels(f"chart-{i}"), 500, i)

    def test_pruned_operations_end(self):
        self.open("darts")
        ends = self.run_script(
            "return Chart.getChart('chart-3').data.datasets.map("
            "d => [d.data.length, d.pointStyle[d.data.length - 1]])")
        # Eight candidates in the three epochs of the first stage, and three candidates in those of
        # the second stage.
        self.assertEqual(sorted(ends), [[3, "crossRot"]] * 5 + [[6, "circle"]] * 3)

    def test_shares_or_probabilities(self):
        self.open("darts")
        first = "return Chart.getChart('chart-3').data.datasets[0].data[0]"
        share = self.run_script(first)
        self.browser.find_element(By.CSS_SELECTOR, "input[value=absolute]").click()
        self.assertAlmostEqual(self.run_script(first), share / 8)

    def test_the_keyboard_reaches_charts_and_steps_through_them(self):
        self.open("darts")
        body = self.browser.find_element(By.TAG_NAME, "body")
        body.send_keys(Keys.TAB)
        reached = set()
        for _ in range(70):
            reached.add(self.run_script("return document.activeElement.id || document.activeElement.className"
                                        " || document.activeElement.hash"))
            self.browser.switch_to.active_element.send_keys(Keys.TAB)
        self.assertTrue({"#cells", "#spec", "scroll", "chart-0", "chart-28", "chart-30"} <= reached, reached)
        # The charts of the edges have lower numbers than the curves.
        self.run_script("document.getElementById('chart-28').focus()")
        for key in (Keys.END, Keys.ARROW_LEFT):
            self.browser.switch_to.active_element.send_keys(key)
        said = self.browser.find_element(By.ID, "spoken").get_attribute("textContent")
        self.assertRegex(said, r"^stage 2, epoch 2, half of the weights \d\.\d+, half of the alphas \d\.\d+")

    def test_dark_is_dark_and_paper_is_white(self):
        ground = "return getComputedStyle(document.body).backgroundColor"
        line = "return Chart.getChart('chart-0').data.datasets[0].borderColor"
        self.open("darts", scheme="dark")
        self.assertEqual(self.run_script(ground), "rgb(21, 23, 26)")
        dark_line = self.run_script(line)
        pdf = base64.b64decode(self.command("Page.printToPDF", printBackground=True)["data"])
        self.keep("darts.pdf", pdf)
        self.command("Emulation.setEmulatedMedia", media="print",
                     features=[{"name": "prefers-color-scheme", "value": "dark"}])
        self.assertEqual(self.run_script(ground), "rgb(255, 255, 255)")
        self.assertNotEqual(self.run_script(line), dark_line)
        self.open("darts", scheme="light")
        self.assertEqual(self.run_script(ground), "rgb(255, 255, 255)")
        self.assertNotEqual(self.run_script(line), dark_line)

    def keep(self, name, data):
        """Stores a picture for a person in the folder of the test's outputs."""
        folder = os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR")
        if folder:
            (pathlib.Path(folder) / name).write_bytes(data)

    def screenshot(self, name):
        size = self.run_script("const e = document.documentElement; return [e.scrollWidth, e.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        shot = self.command("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        self.keep(f"{name}.png", base64.b64decode(shot["data"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
