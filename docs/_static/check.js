// The page "Check a certificate": a file goes to nctheoryChecker, its results onto the page.
"use strict";
(function () {
  const MOST = 2 ** 28;
  const input = document.getElementById("certificate");
  const verdict = document.getElementById("verdict");
  const list = document.getElementById("results");

  // Plain, or compressed by gzip as the atlas has them; unpacked no further than is read anyway.
  async function read(file) {
    const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
    const packed = first === 0x1f && second === 0x8b;
    const stream = packed ? file.stream().pipeThrough(new DecompressionStream("gzip"))
      : file.stream();
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const reader = stream.getReader();
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += decoder.decode(part.value, { stream: true });
      if (text.length > MOST) throw new Error(`more than ${MOST} characters`);
    }
    return text + decoder.decode();
  }

  async function check(file) {
    list.replaceChildren();
    verdict.textContent = `Checking ${file.name} ...`;
    await new Promise((done) => setTimeout(done, 0)); // let the page show that
    let sound = 0, count = 0;
    try {
      for (const { verified, reason, statement } of nctheoryChecker.checkText(await read(file))) {
        const item = document.createElement("li");
        item.className = verified ? "verified" : "refused";
        item.textContent = verified ? `verified: ${statement}`
          : `NOT VERIFIED: ${statement}: ${reason}`;
        list.append(item);
        count += 1;
        sound += verified ? 1 : 0;
      }
      verdict.textContent = `${file.name}: ${sound} of ${count} certificates verified.`;
    } catch (error) {
      verdict.textContent = `${file.name}: not a certificate file: ${error.message}`;
    }
  }

  input.addEventListener("change", () => input.files.length && check(input.files[0]));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) check(event.dataTransfer.files[0]);
  });
}());
