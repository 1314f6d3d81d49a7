// The page "Check a certificate": a file goes to nctheoryChecker, its results onto the page.
"use strict";
(function () {
  const input = document.getElementById("certificate");
  const verdict = document.getElementById("verdict");
  const list = document.getElementById("results");

  async function check(file) {
    list.replaceChildren();
    verdict.textContent = `Checking ${file.name} ...`;
    await new Promise((done) => setTimeout(done, 0)); // let the page show that
    let sound = 0, count = 0;
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
      for (const { verified, reason, statement } of nctheoryChecker.checkText(text)) {
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
