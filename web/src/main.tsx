import "./theme/base.css";
import "./theme/frame.css";
import "./theme/parts.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { startWords } from "./i18n";
import { listen } from "./keys/keys";

await startWords();
listen();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
