import { getAsset } from 'node:sea';
import { start } from '../main.ts';

// The start of the executable, which has no package around it.
void start(getAsset('version', 'utf8'));
