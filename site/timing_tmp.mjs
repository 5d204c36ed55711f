import { loadPyodide } from 'pyodide';
const dir = process.argv[2];
const cpu = () => { const c = process.cpuUsage(); return ((c.user + c.system) / 1e6).toFixed(2); };
let last = 0; const lap = (what) => { const now = +cpu(); console.log(what, (now - last).toFixed(2)); last = now; };
const py = await loadPyodide({ indexURL: dir, lockFileURL: dir + '/pyodide-lock.json', packageBaseUrl: dir });
lap('runtime');
const atOnce = ['micropip','piplite','ipykernel','comm','pyodide-kernel','ipython'];
await py.loadPackage(atOnce, {messageCallback: () => {}}); lap('kernel packages');
await py.loadPackage(process.argv[3] ? process.argv[3].split(',') : ['azure-chat-course','azure-ai-inference'], {messageCallback: () => {}}); lap('course packages');
py.mountNodeFS('/drive', '/tmp/h/site/notebooks'); py.FS.chdir('/drive');
py.runPython('import pyodide_kernel'); lap('import kernel');
py.runPython('from helpers import CourseError, check, check_setup, show, start\nstart("00_start_here")'); lap('start');
py.runPython(`
import os
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AzureKeyCredential
client = ChatCompletionsClient(endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"], credential=AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]), model=os.environ["AZURE_INFERENCE_MODEL"], retry_total=0)
`); lap('client');
py.runPython('show(client.complete(messages=[UserMessage("Say hello in three languages.")]))'); lap('answer');
py.runPython('import sys; print(sorted({m.split(".")[0] for m in sys.modules if "site-packages" in (getattr(sys.modules[m],"__file__","") or "")}))');
py.runPython('import openai'); lap('openai');
console.log('total', cpu());
process.exit(0);
