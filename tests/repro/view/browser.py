"""A headless Chromium, driven over its debugging pipe: the standard library of Python is enough."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time


class Browser:
    """One page. `messages` are console errors and exceptions, `requests` what was asked of a network."""

    def __init__(self, program, width=1400, height=900):
        self.folder = tempfile.mkdtemp(prefix="reweave-browser-")
        to_browser, own_out = os.pipe()
        own_in, from_browser = os.pipe()

        def give_pipes():
            # Descriptors 3 and 4 may be in use for one of the two: first out of the way.
            out, into = os.dup(from_browser), os.dup(to_browser)
            os.dup2(into, 3)
            os.dup2(out, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
             "--user-data-dir=" + self.folder, f"--window-size={width},{height}"],
            preexec_fn=give_pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.out, self.into = os.fdopen(own_out, "wb", buffering=0), own_in
        self.buffer, self.number, self.session = b"", 0, None
        self.messages, self.requests, self.events = [], [], []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(domain + ".enable")
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def _read(self):
        while b"\0" not in self.buffer:
            part = os.read(self.into, 1 << 20)
            if not part:
                raise RuntimeError("the browser has ended")
            self.buffer += part
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def _note(self, event):
        method, params = event.get("method"), event.get("params", {})
        self.events.append(method)
        if method == "Runtime.exceptionThrown":
            self.messages.append(json.dumps(params["exceptionDetails"])[:600])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.messages.append(json.dumps(params["args"])[:600])
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.messages.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith(("file:", "data:")):
                self.requests.append(url)

    def send(self, method, **params):
        self.number += 1
        call = {"id": self.number, "method": method, "params": params}
        if self.session:
            call["sessionId"] = self.session
        self.out.write(json.dumps(call).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self._note(answer)

    def open(self, path):
        """Returns how many seconds it took until the page was drawn."""
        self.events.clear()
        begin = time.monotonic()
        self.send("Page.navigate", url="file://" + os.path.abspath(path))
        while "Page.loadEventFired" not in self.events:
            self._note(self._read())
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return time.monotonic() - begin

    def run(self, expression):
        result = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:800])
        return result["result"].get("value")

    def key(self, key, modifiers=0):
        text = key if len(key) == 1 else ""
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, modifiers=modifiers)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, modifiers=modifiers)

    def type(self, text):
        for one in text:
            self.key(one)

    def click(self, x, y):
        for what in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=what, x=x, y=y, button="left", clickCount=1)

    def click_on(self, selector):
        box = self.run(f"(() => {{ const b = document.querySelector('{selector}').getBoundingClientRect();"
                       " return [b.x + b.width / 2, b.y + b.height / 2]; })()")
        self.click(*box)

    def drag(self, x1, y1, x2, y2):
        self.send("Input.dispatchMouseEvent", type="mousePressed", x=x1, y=y1, button="left", clickCount=1)
        for i in range(1, 6):
            self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x1 + (x2 - x1) * i / 5, y=y1 + (y2 - y1) * i / 5,
                      button="left", buttons=1)
        self.send("Input.dispatchMouseEvent", type="mouseReleased", x=x2, y=y2, button="left", clickCount=1)

    def wheel(self, x, y, dy, modifiers=0):
        self.send("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=dy, modifiers=modifiers)

    def dark(self, dark):
        self.send("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def screenshot(self, path):
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        image = self.send("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(image))

    def pdf(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.send("Page.printToPDF")["data"]))

    def seconds_of_processor(self):
        """Used by the browser and all of its processes so far."""
        ticks, children = 0, {self.process.pid}
        while children:
            found = set()
            for pid in children:
                try:
                    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
                        fields = stat.read().rpartition(")")[2].split()
                    ticks += int(fields[11]) + int(fields[12])
                    for task in os.listdir(f"/proc/{pid}/task"):
                        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as list_of:
                            found |= {int(child) for child in list_of.read().split()}
                except OSError:
                    continue
            children = found
        return ticks / os.sysconf("SC_CLK_TCK")

    def close(self):
        try:
            self.session = None
            self.send("Browser.close")
        except (RuntimeError, OSError):
            pass
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
